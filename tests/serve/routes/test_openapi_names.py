from __future__ import annotations

import re
from pathlib import Path

from panodent.serve.app import App, ServiceSettings
from panodent.serve.routes.openapi_names import TAGS


def test_every_operation_has_an_id_of_its_own_and_one_tag(tmp_path: Path) -> None:
    document = App(ServiceSettings(tmp_path, root_path="/teeth"))._described()
    operations = [one for path in document["paths"].values() for one in path.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids) > 20
    assert all(re.fullmatch(r"[a-z][a-z_]*", name) for name in ids)
    assert {"predict", "save_study", "list_jobs", "label_studio_predict", "healthz"} <= set(ids)
    assert {tag for operation in operations for tag in operation["tags"]} == set(TAGS)
    assert [tag["name"] for tag in document["tags"]] == list(TAGS)
    assert document["servers"] == [{"url": "/teeth"}]
