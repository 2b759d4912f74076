"""Examples for a findings network: radiographs with their findings and teeth as class images.

Two kinds of radiographs teach: those whose findings are all annotated, and plain ones, which show
none. Other radiographs are left out, because what is not annotated there would count as nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from panodent.bundle.bundle import Bundle
from panodent.datasets.dataset import Case
from panodent.dentition import TEETH
from panodent.errors import ConfigError
from panodent.formats.finding_annotations import AnnotatedFindings
from panodent.inference.softmax import softmax
from panodent.radiograph.resampling import resized
from panodent.training.augmentation.augment import IGNORED
from panodent.training.batches import class_image
from panodent.utils.atomic_files import writing_bytes

TOOTH_CLASSES: tuple[int, ...] = tuple(TEETH)
"""FDI number of tooth classes 1, 2, ... in examples."""
PAINT_ORDER = ("appliance", "implant", "pontic", "crown", "post", "root_filling", "filling")
"""Where annotated findings overlap, the later kind is seen."""
LIMIT = (1024, 1536)
"""Larger radiographs are shrunk to this (height, width), to save memory."""


@dataclass(frozen=True)
class FindingsExample:
    """One radiograph in memory; all images are uint8 (height, width).

    pixels : grey values.
    kinds : 0 no finding, k the kind `kinds[k - 1]` of the network, `IGNORED` unclear.
    teeth : 0 no tooth, c the tooth `TOOTH_CLASSES[c - 1]`, `IGNORED` a tooth without number.
    tooth : probability of any tooth by the bundle's first network, times 255.
    """

    pixels: npt.NDArray[np.uint8]
    kinds: npt.NDArray[np.uint8]
    teeth: npt.NDArray[np.uint8]
    tooth: npt.NDArray[np.uint8]

    @property
    def labelled(self) -> bool:
        """Whether it shows an annotated finding."""
        return bool(((self.kinds > 0) & (self.kinds != IGNORED)).any())


def kinds_image(
    annotated: AnnotatedFindings, kinds: Sequence[str], size: tuple[int, int]
) -> npt.NDArray[np.uint8]:
    """The class image uint8 `size` of annotated findings; see `FindingsExample.kinds`."""
    import cv2

    unclear = annotated.unclear.astype(np.uint8)
    image = cv2.resize(unclear, size[::-1], interpolation=cv2.INTER_NEAREST) * np.uint8(IGNORED)
    findings = annotated.findings.resized(size)
    for kind in sorted(kinds, key=PAINT_ORDER.index):
        image[findings.union([kind])] = list(kinds).index(kind) + 1
    return np.asarray(image, np.uint8)


def example(
    bundle: Bundle, case: Case, annotated: AnnotatedFindings | None, kinds: Sequence[str]
) -> FindingsExample:
    """Reads a case; without `annotated` it shows no finding.

    Raises `ConfigError` when radiograph and annotations differ in size.
    """
    radiograph, teeth = case.radiograph(), case.teeth()
    sizes = {radiograph.size, teeth.size, *([annotated.findings.size] if annotated else [])}
    if len(sizes) > 1:
        raise ConfigError(
            f"{case.image}: radiograph, teeth and findings have the sizes {sorted(sizes)} "
            "(height, width); they must be of one size"
        )
    size = (min(LIMIT[0], radiograph.size[0]), min(LIMIT[1], radiograph.size[1]))
    planes = bundle.predict_planes(radiograph.pixels)
    tooth = 1 - softmax(planes[: 1 + len(bundle.classes)])[0]
    empty = np.zeros(size, np.uint8)
    return FindingsExample(
        _bytes(resized(radiograph.pixels, size)),
        kinds_image(annotated, kinds, size) if annotated else empty,
        class_image(teeth.resized(size), TOOTH_CLASSES),
        _bytes(resized(tooth, size)),
    )


def _bytes(image: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)


def collect(
    bundle: Bundle,
    cases: Sequence[Case],
    annotated: Mapping[str, AnnotatedFindings],
    kinds: Sequence[str],
    file: Path,
    report: Callable[[int, int], None],
) -> list[FindingsExample]:
    """The examples of all cases, read from `file`, or made and written there.

    Calls `report(done, total)` after each that is made.
    """
    if file.exists():
        return _load(file)
    made = []
    for case in cases:
        made.append(example(bundle, case, annotated.get(case.key), kinds))
        report(len(made), len(cases))
    file.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        f"{index:05d}/{item.name}": getattr(one, item.name)
        for index, one in enumerate(made)
        for item in fields(FindingsExample)
    }
    with writing_bytes(file) as stream:
        np.savez_compressed(stream, **arrays)
    return made


def _load(file: Path) -> list[FindingsExample]:
    with np.load(file, allow_pickle=False) as data:
        numbers = sorted({name.split("/")[0] for name in data.files})
        return [
            FindingsExample(
                **{item.name: data[f"{number}/{item.name}"] for item in fields(FindingsExample)}
            )
            for number in numbers
        ]
