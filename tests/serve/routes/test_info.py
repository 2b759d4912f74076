from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from panodent.dentition import TEETH
from panodent.serve.app import ServiceSettings
from panodent.serve.routes.info import get_info
from panodent.teeth.finding_kinds import KINDS
from panodent.version import __version__


def test_it_says_what_the_service_is_and_draws(tmp_path: Any) -> None:
    service = SimpleNamespace(pool=SimpleNamespace(bundle={"name": "x", "digest": "5d1f"}))
    state = SimpleNamespace(service=service, settings=ServiceSettings(tmp_path))
    found = asyncio.run(get_info(SimpleNamespace(app=SimpleNamespace(state=state))))  # type: ignore[arg-type]
    assert (found["version"], found["bundle"]["digest"]) == (__version__, "5d1f")
    assert set(found["teeth"]) == {str(fdi) for fdi in TEETH}
    assert set(found["findings"]) == set(KINDS)
    assert "report.pdf" in found["exports"]
    crown = found["teeth"]["36"]["signs"]["crown"]
    assert crown
    assert all(set(shape) == {"d", "fill", "stroke", "width"} for shape in crown)
