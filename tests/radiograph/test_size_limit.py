"""The size of a radiograph has limits."""

import pytest

from panodent.errors import RadiographError
from panodent.radiograph.size_limit import MIN_SIDE, check_size


@pytest.mark.parametrize(("height", "width"), [(32, 32), (100, 200), (200, 100)])
def test_sizes_within_the_limits(height: int, width: int) -> None:
    check_size(height, width, max_pixels=20_000)


@pytest.mark.parametrize(
    ("height", "width", "message"),
    [
        (
            101,
            200,
            r"101 x 200 is 0\.020200 megapixels; the limit is 0\.020000 \(predict and serve raise",
        ),
        (MIN_SIDE - 1, 200, "31 x 200 pixels is too small.*at least 32 x 32"),
        (200, 0, "200 x 0 pixels is too small"),
    ],
)
def test_other_sizes_are_refused(height: int, width: int, message: str) -> None:
    with pytest.raises(RadiographError, match=message):
        check_size(height, width, max_pixels=20_000)
