"""The list over HTTP; what it holds is tested in tests/serve/store/test_worklist.py."""

from __future__ import annotations

from typing import Any


def test_the_list_its_neighbours_and_thumbnails(server: Any, png: bytes) -> None:
    first = server.post("/v1/studies", png, "worklist-one.png").json()["id"]
    second = server.post("/v1/studies", png, "worklist-two.png").json()["id"]
    query = "search=WORKLIST-&sort=name&order=asc&show=unreviewed"
    answer = server.get(f"/v1/studies?{query}&limit=1").json()
    assert (answer["total"], [one["id"] for one in answer["studies"]]) == (2, [first])
    assert answer["reviewed"] <= answer["all"] - 2
    assert answer["studies"][0]["doubtful"] >= 0
    beside = server.get(f"/v1/studies/{first}/beside?{query}").json()
    found = [beside[key] for key in ("previous", "next", "next_unreviewed")]
    assert found == [None, second, second]
    thumbnail = server.get(f"/v1/studies/{first}/thumbnail")
    assert thumbnail.headers["Content-Type"] == "image/jpeg"
    assert thumbnail.content[:2] == b"\xff\xd8"
    assert thumbnail.headers["Cache-Control"] == "no-store"
    created = answer["studies"][0]["created"].replace("+", "%2B")
    for more, expected in ((f"created_before={created}", 0), (f"created_from={created}", 2)):
        assert server.get(f"/v1/studies?{query}&{more}").json()["total"] == expected
    wrong_ones = ("sort=age", "show=none", "order=up", "created_from=yesterday", "search=%00")
    for wrong in (*wrong_ones, f"search={'x' * 201}"):
        assert server.get(f"/v1/studies?{wrong}").status_code == 422
    for name in ("beside", "thumbnail"):
        assert server.get(f"/v1/studies/{'0' * 32}/{name}").status_code == 404


def test_a_turned_radiograph_is_a_new_study(server: Any, png: bytes) -> None:
    study = server.post("/v1/studies", png, "lying.png").json()
    answer = server.post(f"/v1/studies/{study['id']}/turned?turn=mirror", b"")
    made = answer.json()
    assert (answer.status_code, made["name"]) == (201, "lying (mirrored).png")
    assert made["id"] != study["id"]
    # The same teeth on the other side.
    sides = [sum(tooth["fdi"] // 10 in (1, 4) for tooth in one["teeth"]) for one in (study, made)]
    assert sides[1] == len(study["teeth"]) - sides[0]
    assert server.post(f"/v1/studies/{study['id']}/turned?turn=up", b"").status_code == 422
    assert server.post(f"/v1/studies/{'0' * 32}/turned?turn=half", b"").status_code == 404
