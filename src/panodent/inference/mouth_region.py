"""Where findings are looked for: at the teeth, and where a mouth usually lies.

Teeth cover about 0.4 of a panoramic radiograph, and findings lie at them or where teeth are
missing. The rest of the picture takes as much time. A margin keeps what a network sees at the
teeth nearly as it is in the whole picture.
"""

from __future__ import annotations

import numpy as np

from panodent.bundle.findings_network import WHOLE, Part
from panodent.bundle.frame import MULTIPLE
from panodent.teeth.teeth import Teeth

USUAL_MOUTH = ((1 / 6, 1 / 8), (11 / 12, 7 / 8))
"""(row, column) of the first and the last corner, as shares of the sides: where there are implants
and bridges in jaws without teeth."""
MARGIN = (1 / 6, 0.03)
"""Rows and columns beyond the teeth, as shares of the sides. Networks see farther up and down."""
FEWEST = 8
"""Fewer teeth do not tell where the mouth is: findings are looked for everywhere."""


def mouth_region(teeth: Teeth, frame: tuple[int, int]) -> Part:
    """Rows and columns of a frame (height, width) that hold the mouth.

    `teeth` are those of the radiograph that fills the frame. Both sides and both corners are
    multiples of 32, as networks need them.

    >>> mouth_region(Teeth.empty((400, 800)), (384, 768))
    (slice(None, None, None), slice(None, None, None))
    """
    if len(teeth) < FEWEST:
        return WHOLE
    first = teeth.boxes[:, :2].min(axis=0) / teeth.size - MARGIN
    last = teeth.boxes[:, 2:].max(axis=0) / teeth.size + MARGIN
    tiles = np.array(frame) / MULTIPLE
    starts = np.floor(np.minimum(first, USUAL_MOUTH[0]).clip(0, 1) * tiles).astype(int) * MULTIPLE
    stops = np.ceil(np.maximum(last, USUAL_MOUTH[1]).clip(0, 1) * tiles).astype(int) * MULTIPLE
    rows, cols = zip(starts.tolist(), stops.tolist(), strict=True)
    return slice(*rows), slice(*cols)
