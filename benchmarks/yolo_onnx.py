"""Runs a network of YOLO11-seg's architecture in ONNX Runtime at 640 x 640 pixels.

    python yolo_onnx.py n|s [boxes]   # the runner of `panodent benchmark --against yolo-onnx`

Weights are random (see yolo11_graph.py), so boxes lie anywhere; the best 28 after non-maximum
suppression are used, as many as teeth are usually present. Masks have the radiograph's size, as
published: each is enlarged over the whole picture, then cropped to its box. With `boxes`, each is
enlarged within its box only, as panodent does. Needs yolo_onnx.requirements.txt.
"""

from __future__ import annotations

import sys

import cv2
import numpy as np
import onnxruntime
from runner import Stages, serve
from yolo11_graph import BINS, PROTOTYPES, STRIDES, build

SIDE, CLASSES = 640, 32
TEETH = 28
CANDIDATES = 300
OVERLAP = 0.7
_CELL = 4  # a prototype's pixel covers 4 x 4 pixels of the network's input


def letterboxed(picture: np.ndarray) -> tuple[np.ndarray, float, tuple[int, int]]:
    """The network's input (1, 3, 640, 640) in [0, 1], and scale and (left, top) of the picture."""
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    small = cv2.resize(picture, (round(width * scale), round(height * scale)))
    left, top = (SIDE - small.shape[1]) // 2, (SIDE - small.shape[0]) // 2
    canvas = np.full((SIDE, SIDE, 3), 114, np.uint8)
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    image = canvas[..., ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255
    return np.ascontiguousarray(image), scale, (left, top)


def anchors() -> tuple[np.ndarray, np.ndarray]:
    """Centres (n, 2), as (x, y) in the network's pixels, and strides (n,) of all places."""
    middles, strides = [], []
    for stride in STRIDES:
        axis = (np.arange(SIDE // stride) + 0.5) * stride
        x, y = np.meshgrid(axis, axis)
        middles.append(np.stack([x.ravel(), y.ravel()], axis=1))
        strides.append(np.full(x.size, stride))
    return np.concatenate(middles), np.concatenate(strides)


def detections(places: np.ndarray, middles: np.ndarray, strides: np.ndarray):
    """The best boxes (k, 4), as (x0, y0, x1, y1) in the network's pixels, and mask coefficients."""
    scores = places[4 * BINS : 4 * BINS + CLASSES].max(axis=0)
    best = np.argpartition(-scores, CANDIDATES)[:CANDIDATES]
    bins = places[: 4 * BINS, best].reshape(4, BINS, -1)
    bins = np.exp(bins - bins.max(axis=1, keepdims=True))
    far = (bins * np.arange(BINS)[:, None]).sum(axis=1) / bins.sum(axis=1) * strides[best]
    x, y = middles[best].T
    boxes = np.stack([x - far[0], y - far[1], x + far[2], y + far[3]], axis=1)
    sized = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    kept = np.asarray(cv2.dnn.NMSBoxes(sized.tolist(), scores[best].tolist(), 0.0, OVERLAP))[:TEETH]
    return boxes[kept], places[4 * BINS + CLASSES :, best[kept]].T


def assembled(boxes, coefficients, prototypes, scale, corner, size, in_boxes):
    """For each box, a boolean mask at the radiograph's scale and its (top, left)."""
    planes = (coefficients @ prototypes.reshape(PROTOTYPES, -1)).reshape(-1, *prototypes.shape[1:])
    left, top = (place // _CELL for place in corner)
    masks = []
    for box, plane in zip(boxes, planes, strict=True):
        x0, x1 = np.clip((box[[0, 2]] - corner[0]) / scale, 0, size[1]).astype(int)
        y0, y1 = np.clip((box[[1, 3]] - corner[1]) / scale, 0, size[0]).astype(int)
        if x1 <= x0 or y1 <= y0:
            continue
        if not in_boxes:
            picture = plane[top : len(plane) - top, left : plane.shape[1] - left]
            whole = cv2.resize(picture, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
            masks.append((whole[y0:y1, x0:x1] > 0, (int(y0), int(x0))))
            continue
        step = scale / _CELL
        to_plane = np.array(
            [
                [step, 0, (x0 + 0.5) * step + corner[0] / _CELL - 0.5],
                [0, step, (y0 + 0.5) * step + corner[1] / _CELL - 0.5],
            ]
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        fine = cv2.warpAffine(plane, to_plane, (int(x1 - x0), int(y1 - y0)), flags=flags)
        masks.append((fine > 0, (int(y0), int(x0))))
    return masks


def main(scale: str, way: str = "") -> None:
    network, graph = build(scale, CLASSES, SIDE)
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    middles, strides = anchors()

    def work(file: str, stages: Stages) -> None:
        with stages("read"):
            picture = cv2.imread(file)
        with stages("frame"):
            image, ratio, corner = letterboxed(picture)
        with stages("network"):
            places, prototypes = session.run(None, {"image": image})
        with stages("decode"):
            boxes, coefficients = detections(places[0], middles, strides)
            size = picture.shape[:2]
            assembled(boxes, coefficients, prototypes[0], ratio, corner, size, way == "boxes")

    about = (
        f"YOLO11{scale}-seg-shaped, {graph.parameters / 1e6:.1f} M parameters, "
        f"{graph.multiply_adds / 1e9:.1f} G multiply-adds, ONNX Runtime {onnxruntime.__version__}"
    )
    serve(about, work, lambda stages: None)


if __name__ == "__main__":
    main(*sys.argv[1:])
