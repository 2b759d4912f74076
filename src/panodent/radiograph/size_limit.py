"""Limits on the size of a radiograph, checked on the file's header before pixels are decoded."""

from __future__ import annotations

from panodent.errors import RadiographError

MIN_SIDE = 32


def check_size(height: int, width: int, max_pixels: int) -> None:
    """Raises `RadiographError` for more than `max_pixels` pixels or a side below `MIN_SIDE`.

    >>> check_size(1024, 2041, max_pixels=100_000_000)
    >>> check_size(16, 2041, max_pixels=100_000_000)
    Traceback (most recent call last):
    panodent.errors.RadiographError: 16 x 2041 pixels is too small for a radiograph; expected at \
least 32 x 32
    """
    if height * width > max_pixels:
        digits = 1 if max_pixels >= 1_000_000 else 6
        raise RadiographError(
            f"{height} x {width} is {width * height / 1e6:.{digits}f} megapixels; the limit is "
            f"{max_pixels / 1e6:.{digits}f} (predict and serve raise it with --max-pixels, if you "
            "trust the file)"
        )
    if min(height, width) < MIN_SIDE:
        raise RadiographError(
            f"{height} x {width} pixels is too small for a radiograph; "
            f"expected at least {MIN_SIDE} x {MIN_SIDE}"
        )
