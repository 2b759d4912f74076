from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from panodent.serve.routes.stored_files import CHUNK, stored_file


def ask(file: Path, known: str = "", name: str = "") -> Response:
    headers = [(b"if-none-match", known.encode())] if known else []
    request = Request({"type": "http", "method": "GET", "headers": headers})
    return asyncio.run(stored_file(request, file, "image/png", "abc", name))


async def content(response: Response) -> bytes:
    return b"".join([chunk async for chunk in response.body_iterator])  # type: ignore[attr-defined]


def test_a_file_deleted_while_it_is_sent_is_sent_whole(tmp_path: Path) -> None:
    file = tmp_path / "image.png"
    file.write_bytes(b"x" * (CHUNK + 7))
    response = ask(file)
    file.unlink()
    assert response.headers["content-length"] == str(CHUNK + 7)
    assert response.headers["etag"] == '"abc"'
    assert asyncio.run(content(response)) == b"x" * (CHUNK + 7)
    with pytest.raises(FileNotFoundError):
        ask(file)


@pytest.mark.parametrize("known", ['"abc"', 'W/"abc"', '"x", "abc"', "*"])
def test_a_file_that_the_client_has_is_not_sent_again(tmp_path: Path, known: str) -> None:
    (tmp_path / "image.png").write_bytes(b"x")
    response = ask(tmp_path / "image.png", known)
    assert (response.status_code, response.body) == (304, b"")
    assert ask(tmp_path / "image.png", '"other"').status_code == 200


def test_the_name_to_save_it_as_is_safe_in_a_header(tmp_path: Path) -> None:
    (tmp_path / "original").write_bytes(b"x")
    head = ask(tmp_path / "original", name='M\u00fcller "7".png').headers["content-disposition"]
    assert head == "attachment; filename*=UTF-8''M%C3%BCller%20%227%22.png"
