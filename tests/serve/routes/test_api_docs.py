from __future__ import annotations

import re
from pathlib import Path

from panodent.serve.app import App, ServiceSettings
from panodent.serve.routes.api_docs import rendered


def test_the_page_has_every_operation_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    document = App(ServiceSettings(tmp_path))._described()
    page = rendered(document)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f'id="{operation["operationId"]}"' in page
            assert f"{method.upper()} {path}</code>" in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=.(https?:)?//", page)
    assert " style=" not in page  # the content security policy forbids it
    assert "curl -H &#34;$AUTH&#34; -F file=@scan.png &#34;$URL/v1/predict&#34;" in page
    assert "list of StudyTooth" in page


def test_what_the_document_says_is_escaped() -> None:
    answer = {"200": {"content": {"text/<b>": {"example": "<script>"}}}}
    operation = {"operationId": "x", "tags": ["service"], "responses": answer}
    found = rendered(
        {
            "info": {"version": "1", "description": "<i>"},
            "paths": {"/<x>": {"get": operation}},
            "components": {"schemas": {}},
        }
    )
    assert "<script" not in found
    assert "<i>" not in found
    assert "/&lt;x&gt;" in found
