"""Digests of radiographs: equal for copies, different for others, the same on every computer."""

from __future__ import annotations

import cv2
import numpy as np

from panodent import phantom
from panodent.bundle.seen import Seen
from panodent.datasets.radiograph_digest import digest, digest_of
from panodent.radiograph.radiograph import Radiograph


def test_a_smaller_compressed_brighter_copy_is_recognised(drawn: tuple[Radiograph, object]) -> None:
    original = drawn[0]
    small = (cv2.resize(original.pixels, (512, 256)) ** 0.8 * 255).astype(np.uint8)
    written = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 70])[1]
    copy = Radiograph(cv2.imdecode(written, cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255)
    other = phantom.draw(4, (256, 512))[0]
    seen = Seen((digest(original),))
    assert digest(copy) in seen
    assert digest(other) not in seen


def test_the_planes_never_change() -> None:
    """Digests in bundles would be worthless otherwise; the values were written down once."""
    print_ = np.zeros(2048, np.float32)
    print_[0] = 1
    assert digest_of(print_).startswith("413afc5e719ea487")
    assert len(digest_of(print_)) == 64
    assert int(digest_of(-print_), 16) == 2**256 - 1 - int(digest_of(print_), 16)
