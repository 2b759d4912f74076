"""The route below /v1 that says what the service is, can and draws."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from fastapi import APIRouter, Request

from panodent.dentition import TEETH
from panodent.drawing.chart_findings import INK, METAL, WHITE, finding_shapes
from panodent.drawing.finding_patterns import STYLES
from panodent.drawing.tooth_shapes import pictogram
from panodent.drawing.vector import to_svg_path
from panodent.serve.routes import schema
from panodent.serve.routes.studies import service_of
from panodent.serve.workers.exports import MEDIA_TYPES
from panodent.teeth.finding_kinds import KINDS
from panodent.version import DISCLAIMER, __version__

router = APIRouter(prefix="/v1")


@router.get("/info", responses=schema.problems(), summary="Version, limits and tooth names")
async def get_info(request: Request) -> dict[str, Any]:
    """Version, bundle, limits, the 52 teeth and the kinds of findings, and how they are drawn."""
    state = request.app.state
    return {
        "version": __version__,
        "notice": DISCLAIMER,
        "bundle": service_of(request).pool.bundle,
        "dicom": find_spec("pydicom") is not None and find_spec("highdicom") is not None,
        "max_bytes": state.settings.limits.upload,
        "max_pixels": state.settings.max_pixels,
        "numbering": state.settings.numbering,
        "exports": sorted(MEDIA_TYPES),
        "teeth": _TEETH,
        "findings": _FINDINGS,
    }


def _tooth(fdi: int) -> dict[str, Any]:
    tooth, shape = TEETH[fdi], pictogram(fdi)
    return {
        "name": tooth.name,
        "universal": tooth.universal,
        "palmer": tooth.palmer,
        "type": tooth.type,
        "jaw": tooth.jaw,
        "side": tooth.side,
        "deciduous": tooth.deciduous,
        "colour": "#{:02x}{:02x}{:02x}".format(*tooth.colour),
        "path": [to_svg_path(path) for path in (*shape.roots, shape.crown)],
        "signs": {kind: _sign(fdi, kind) for kind in KINDS if kind != "pontic"},  # as of a crown
    }


def _sign(fdi: int, kind: str) -> list[dict[str, Any]]:
    """The shapes of a kind of finding on a tooth of the chart; those of one look are one path."""
    looks: dict[tuple[str, str, float], str] = {}
    for shape in finding_shapes(fdi, [kind]):
        fill = "none" if shape.fill is None else _ROLES[shape.fill]
        look = (fill, _ROLES[shape.stroke], shape.width)
        looks[look] = looks.get(look, "") + to_svg_path(shape.path)
    return [
        {"d": path, "fill": fill, "stroke": stroke, "width": width}
        for (fill, stroke, width), path in looks.items()
    ]


_ROLES = {INK: "ink", WHITE: "white", METAL: "metal"}
"""What the page draws in colours of its theme."""
_TEETH = {str(fdi): _tooth(fdi) for fdi in TEETH}
_FINDINGS = {
    name: {
        "title": kind.title,
        "plural": kind.plural,
        "carrier": kind.carrier,
        "description": kind.description,
        "colour": "#{:02x}{:02x}{:02x}".format(*STYLES[name][0]),
    }
    for name, kind in KINDS.items()
}
