"""Videos of CVAT are named, so that a person finds the task to export again."""

from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

from panodent.formats.cvat_videos import CvatVideos


def meta(*tasks: tuple[str, str]) -> Element:
    inside = "".join(f"<task><id>{n}</id><name>{name}</name></task>" for n, name in tasks)
    return fromstring(f"<meta>{inside}</meta>")  # noqa: S314 - our own document


def test_a_file_without_tracks_has_none() -> None:
    videos = CvatVideos()
    videos.see(meta(("3", "clinic")))
    assert not videos.names


def test_the_only_task_is_that_of_all_tracks() -> None:
    videos = CvatVideos()
    videos.see(meta(("3", "clinic")))
    videos.see(Element("track"))
    videos.see(Element("track"))
    assert list(videos.names) == ["clinic"]
    assert "holds tracks of a video, task 'clinic'; expected images" in videos.refusal()


def test_tracks_of_a_project_say_their_task() -> None:
    videos = CvatVideos()
    videos.see(meta(("3", "clinic"), ("4", "school")))
    videos.see(Element("track", task_id="4"))
    assert list(videos.names) == ["school"]
