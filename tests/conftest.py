"""What many tests share: one phantom, drawn once."""

from __future__ import annotations

import pytest

from panodent import phantom
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth


@pytest.fixture(scope="session")
def drawn() -> tuple[Radiograph, Teeth]:
    """A phantom and its truth, (512, 1024)."""
    return phantom.draw(3, (512, 1024))
