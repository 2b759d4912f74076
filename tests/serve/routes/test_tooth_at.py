"""The tooth at a click over HTTP; outlines are tested in tests/inference/test_prompted_tooth.py."""

from __future__ import annotations

from typing import Any

import pytest
import requests


@pytest.fixture(scope="module")
def study(server: Any, png: bytes) -> dict[str, Any]:
    answer: dict[str, Any] = server.post("/v1/studies", png, "clicked.png").json()
    return answer


def ask(server: Any, study: str, **prompt: Any) -> requests.Response:
    return requests.post(f"{server.url}/v1/studies/{study}/tooth-at", json=prompt, timeout=60)


def test_a_click_on_a_tooth_gives_its_outline(server: Any, study: dict[str, Any]) -> None:
    tooth = max(study["teeth"], key=lambda tooth: tooth["score"])
    left, top, right, bottom = tooth["box"]
    for prompt in (
        {"positive": [[(left + right) / 2, (top + bottom) / 2]]},
        {"box": [left, top, right, bottom], "negative": [[1, 1]]},
    ):
        answer = ask(server, study["id"], **prompt)
        assert answer.status_code == 200
        found = answer.json()
        assert found["numbers"][0]["fdi"] == tooth["fdi"]
        xs = [x for part in found["polygons"] for x, _ in part[0]]
        assert abs(min(xs) - left) <= 3
        assert abs(max(xs) - right) <= 3
    # Nothing was changed.
    assert server.get(f"/v1/studies/{study['id']}").json() == study


def test_what_points_at_nothing(server: Any, study: dict[str, Any]) -> None:
    away = ask(server, study["id"], box=[-90, -90, -50, -50])
    assert away.json() == {"polygons": [], "score": 0.0, "numbers": []}
    for prompt, said in (
        ({}, "send a positive click or a box"),
        ({"negative": [[5, 5]]}, "send a positive click or a box"),
        ({"box": [9, 9, 9, 20]}, "the box is empty"),
        ({"positive": [[1, 2]] * 51}, "at most 50"),
        ({"positive": [[1]]}, "at least 2"),
    ):
        answer = ask(server, study["id"], **prompt)
        assert answer.status_code == 422
        assert said in answer.json()["detail"]
    assert ask(server, "0" * 32, positive=[[1, 2]]).status_code == 404
