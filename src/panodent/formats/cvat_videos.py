"""Videos in an export of CVAT, which have tracks in place of images and are refused by name.

>>> from xml.etree.ElementTree import Element
>>> videos = CvatVideos()
>>> videos.see(Element("track"))
>>> videos.refusal()
"holds tracks of a video; expected images: export the task as 'CVAT for images 1.1'"
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from panodent.formats.parsing.excerpt import excerpt


class CvatVideos:
    """The tasks of a file that are videos, by their names."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self._tasks: dict[str, str] = {}

    def see(self, element: Element) -> None:
        """Takes the head of the file, which names the tasks, or a track."""
        if element.tag == "track":
            known = self._tasks.get(element.get("task_id", ""), "")
            only = next(iter(self._tasks.values())) if len(self._tasks) == 1 else ""
            self.names[known or only] = None
            return
        for task in element.iter("task"):
            self._tasks[task.findtext("id", "")] = task.findtext("name", "")

    def refusal(self) -> str:
        """What to tell about them."""
        named = ", ".join(excerpt(name) for name in self.names if name)
        return (
            f"holds tracks of a video{f', task {named}' if named else ''}; expected images: "
            "export the task as 'CVAT for images 1.1'"
        )
