"""The examples are valid for their models, and belong to paths and models that exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from panodent.serve.app import App, ServiceSettings
from panodent.serve.routes import label_studio, numbering, schema, tooth_at
from panodent.serve.routes.openapi_examples import MODELS, REQUESTS, RESPONSES


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return App(ServiceSettings(Path("unused")))._described()


@pytest.mark.parametrize("name", MODELS)
def test_examples_of_models_are_valid(name: str) -> None:
    rooms = (schema, label_studio, numbering, tooth_at)
    model: type[BaseModel] = next(getattr(room, name) for room in rooms if hasattr(room, name))
    model.model_validate(MODELS[name])


def test_examples_are_of_models_and_paths_in_the_document(document: dict[str, Any]) -> None:
    assert set(MODELS) <= set(document["components"]["schemas"])
    assert set(RESPONSES) | set(REQUESTS) <= set(document["paths"])


def test_problems_have_an_example_with_their_status(document: dict[str, Any]) -> None:
    for methods in document["paths"].values():
        for operation in methods.values():
            for code, response in operation["responses"].items():
                if code.startswith(("4", "5")):
                    example = response["content"]["application/problem+json"]["example"]
                    assert example["status"] == int(code)
                    assert example["detail"]
