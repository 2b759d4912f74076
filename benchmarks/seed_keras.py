"""Runs the seed project's network as that project does: Keras at 512 x 512, argmax, a PNG file.

    python seed_keras.py          # the runner of `panodent benchmark --against seed-keras`

Weights are random: they do not change the duration. Needs seed_keras.requirements.txt.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import keras
import numpy as np
from runner import Stages, serve

from panodent.training.unet import build, named

SIDE = 512


def main() -> None:
    model = build(named("seed"))
    palette = np.random.default_rng(0).integers(0, 256, (256, 3), np.uint8)
    found: list[np.ndarray] = []
    with tempfile.TemporaryDirectory() as folder:

        def work(file: str, stages: Stages) -> None:
            with stages("read"):
                picture = cv2.imread(file, cv2.IMREAD_GRAYSCALE)
                small = cv2.resize(picture, (SIDE, SIDE)).astype(np.float32) / 255
            with stages("network"):
                answer = model.predict(small[None, ..., None], verbose=0)
            with stages("decode"):
                found[:] = [answer[0].argmax(axis=-1)]

        def after(stages: Stages) -> None:
            with stages("write"):
                cv2.imwrite(str(Path(folder) / "teeth.png"), palette[found[0]])

        serve(f"Keras {keras.__version__}, {model.count_params():,} parameters", work, after)


if __name__ == "__main__":
    main()
