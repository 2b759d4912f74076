"""A real service, used through `panodent.client`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NotRequired, get_origin, get_type_hints

import pytest

from panodent.errors import ServiceError

pytest.importorskip("httpx", reason="needs the client extra")

from panodent.client import Client
from panodent.client.records import RemoteStudies, RemoteStudy, RemoteSummary, RemoteTooth


def assert_keys(answer: Any, record: Any) -> None:
    """All keys of the record that are not optional, and no others."""
    hints = get_type_hints(record, include_extras=True)
    required = {key for key, hint in hints.items() if get_origin(hint) is not NotRequired}
    assert required <= set(answer) <= set(hints)


def test_a_real_service_is_used_through_it(server: Any, png: bytes, tmp_path: Path) -> None:
    (tmp_path / "scan.png").write_bytes(png)
    sent: list[tuple[int, int]] = []
    with Client(server.url) as client:
        study = client.add_study(tmp_path / "scan.png", lambda *pair: sent.append(pair))
        assert sent[-1] == (len(png), len(png))
        assert_keys(study, RemoteStudy)
        assert_keys(study["teeth"][0], RemoteTooth)
        assert client.check_numbering(study["teeth"]) == []
        listed = client.studies(search="SCAN.png", show="unreviewed", sort="doubtful")
        assert_keys(listed, RemoteStudies)
        assert_keys(listed["studies"][0], RemoteSummary)
        assert study["id"] in {one["id"] for one in listed["studies"]}
        assert client.neighbours(study["id"], search="scan.png")["all"] == listed["all"]
        assert client.thumbnail(study["id"])[:2] == b"\xff\xd8"
        saved = client.save_study(study["id"], 0, [{"id": "t1", "fdi": 0}])
        assert [tooth["fdi"] for tooth in saved["teeth"]] == [0]
        assert client.original(study["id"]) == png
        job = client.add_job([("a.png", png), ("b.png", b"nonsense")])
        assert client.wait_for_job(job["id"])["failed"] == 1
        assert job["id"] in {one["id"] for one in client.jobs()["jobs"]}
        client.delete_study(study["id"])
        with pytest.raises(ServiceError, match="no study"):
            client.study(study["id"])
