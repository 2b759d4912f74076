"""Names of the operations in the OpenAPI document: ids for generated clients, tags for readers."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi.routing import APIRoute

TAGS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "predict": ("Find teeth; nothing is kept", ("/v1/predict",)),
    "studies": ("Radiographs with their teeth, kept and corrected", ("/v1/studies", "/v1/example")),
    "jobs": ("Many radiographs, in the background", ("/v1/jobs",)),
    "training data": ("Corrections to train on", ("/v1/training.zip",)),
    "Label Studio": ("A machine-learning backend", ("/label-studio",)),
    "service": ("What it is and how it is", ("/",)),
}
"""By tag: what it is about, and how the paths begin; the first tag that fits counts."""


def operation_id(route: APIRoute) -> str:
    """The name of the route's function, unique over all routers."""
    prefix = "label_studio_" if route.path_format.startswith("/label-studio") else ""
    return f"{prefix}{route.name}"


def tag_of(path: str) -> str:
    """The tag of a path.

    >>> tag_of("/v1/studies/{study}/image"), tag_of("/healthz")
    ('studies', 'service')
    """
    return next(tag for tag, (_, starts) in TAGS.items() if path.startswith(starts))
