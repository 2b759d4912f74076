"""Class names of CVAT's shapes: their labels, or the values of an attribute that the user names.

Some projects have one label, such as 'tooth', and the number of the tooth as an attribute of it.

>>> from xml.etree.ElementTree import fromstring
>>> drawn = '<polygon label="tooth"><attribute name="number">36</attribute></polygon>'
>>> image = fromstring(f"<image>{drawn}</image>")
>>> labels = CvatLabels(Naming(), "number")
>>> [(label, item) for _, label, item in labels.shapes(image, FaultReport.of(None, "a.xml"))]
[('36', 'shape 1: 36')]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from panodent.formats.faults import FaultReport
from panodent.formats.naming import Naming
from panodent.formats.naming_attributes import Attributes, naming_attribute

_NOT_SHAPES = ("tag", "attribute")  # they describe the whole image


class CvatLabels:
    """The class names of the shapes of a file.

    `attribute` is the name of the attribute that names the tooth, or None. Shapes without it, and
    findings, keep their label.
    """

    def __init__(self, naming: Naming, attribute: str | None) -> None:
        self.naming, self.attribute = naming, attribute
        self.known = Attributes()
        """The attributes of the shapes of teeth that `shapes` has given."""

    def shapes(self, image: Element, report: FaultReport) -> Iterator[tuple[Element, str, str]]:
        """(shape, class name, how errors name it) of everything that was drawn on an image.

        `report` takes shapes without a label.
        """
        drawn = (shape for shape in image if shape.tag not in _NOT_SHAPES)
        for number, shape in enumerate(drawn, start=1):
            label = shape.get("label") or ""
            if not label.strip():
                report.add(f"a {shape.tag} has no label; give it one in CVAT", f"shape {number}")
                continue
            if not self.naming.kinds([label]):
                told = {a.get("name", ""): a.text or "" for a in shape.iterfind("attribute")}
                self.known.add(told)
                label = told.get(self.attribute or "", "").strip() or label
            yield shape, label, f"shape {number}: {label}"

    def numbers(
        self, labels: Iterable[str], file: Path, report: FaultReport
    ) -> dict[str, int | None]:
        """FDI number by class name, as `Naming.numbers`, once all images were seen.

        An error names the attribute whose values are teeth, if there is one.
        """
        with naming_attribute(self.attribute, self.known, self.naming, report):
            return self.naming.numbers(labels, file, report=report)
