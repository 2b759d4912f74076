"""Interactive predictions: the tooth that a keypoint or a box in Label Studio points at."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from panodent.teeth.teeth import Teeth

NEAR = 0.02
"""Longest distance from a keypoint to its tooth, as a share of the radiograph's width."""
LEAST_OVERLAP = 0.2
"""Least intersection over union of a drawn box with the box of its tooth."""


class PromptContext(BaseModel):
    """What the user has drawn: regions as in an annotation."""

    model_config = ConfigDict(extra="allow")
    result: list[dict[str, Any]] = Field(default_factory=list, max_length=1000)


class PredictParams(BaseModel):
    """Parameters of a prediction; with a context it is an interactive one."""

    model_config = ConfigDict(extra="allow")
    context: PromptContext | None = None


def pointed_at(teeth: Teeth, prompt: Mapping[str, Any]) -> int | None:
    """The index of the tooth that a region of a keypoint or a box points at; None if there is none.

    Values are in percent of the radiograph, as Label Studio gives them.
    """
    value = prompt.get("value")
    if not isinstance(value, Mapping) or not len(teeth):
        return None
    try:
        x, y = float(value["x"]), float(value["y"])
        size = (float(value.get("width", 0)), float(value.get("height", 0)))
    except (KeyError, TypeError, ValueError):
        return None
    if not all(np.isfinite((x, y, *size))):
        return None
    height, width = teeth.size
    if prompt.get("type") in ("rectanglelabels", "rectangle"):
        left, top = x * width / 100, y * height / 100
        box = (top, left, top + size[1] * height / 100, left + size[0] * width / 100)
        return _boxed(teeth, np.array(box))
    if prompt.get("type") in ("keypointlabels", "keypoint"):
        return _touched(teeth, x * width / 100, y * height / 100)
    return None


def _touched(teeth: Teeth, x: float, y: float) -> int | None:
    """The smallest tooth on the point, or else the nearest one."""
    distances = []
    for index in range(len(teeth)):
        top, left, bottom, right = teeth.boxes[index].tolist()
        across = max(left - x, 0.0, x - right)
        along = max(top - y, 0.0, y - bottom)
        distance = float(np.hypot(across, along))
        if distance == 0:
            rows, columns = np.nonzero(teeth.masks[index])
            steps = np.hypot(rows + top + 0.5 - y, columns + left + 0.5 - x)
            distance = float(steps.min())
            distance = 0.0 if distance < 1 else distance
        distances.append((distance, int(teeth.areas[index]), index))
    distance, _, nearest = min(distances)
    return nearest if distance <= NEAR * teeth.size[1] else None


def _boxed(teeth: Teeth, box: np.ndarray) -> int | None:
    """The tooth whose box overlaps most with this one (top, left, bottom, right)."""
    boxes = teeth.boxes.astype(float)
    low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) + np.prod(box[2:] - box[:2])
    overlap = shared / np.maximum(areas - shared, 1e-9)
    best = int(np.argmax(overlap))
    return best if overlap[best] >= LEAST_OVERLAP else None


def label_of(prompt: Mapping[str, Any]) -> str:
    """The label that the user has chosen for a prompt; '' for none."""
    value = prompt.get("value")
    found = value.get(str(prompt.get("type"))) if isinstance(value, Mapping) else None
    return str(found[0]) if isinstance(found, list) and found else ""


def digest(content: bytes) -> str:
    """What a radiograph is known by to `RecentRecords`: takes a moment for a large file.

    >>> digest(b"")[:8]
    'e3b0c442'
    """
    return sha256(content).hexdigest()


class RecentRecords:
    """The predictions of the last radiographs, by their `digest`: a click needs no second one."""

    def __init__(self, most: int = 8) -> None:
        self._most, self._records = most, dict[str, bytes]()

    def get(self, key: str) -> bytes | None:
        """The teeth.json of a radiograph; None if it is not among the last."""
        if (found := self._records.pop(key, None)) is not None:
            self._records[key] = found
        return found

    def put(self, key: str, record: bytes) -> None:
        """Keeps a record, and forgets the oldest one."""
        self._records[key] = record
        while len(self._records) > self._most:
            del self._records[next(iter(self._records))]
