"""The files of the page, their versions and what browsers keep of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from panodent.serve.page_files import PageFiles

httpx = pytest.importorskip("httpx", reason="needs the client extra")


@pytest.fixture(scope="module")
def files() -> PageFiles:
    return PageFiles()


@pytest.fixture(scope="module")
def get(files: PageFiles) -> Callable[..., Any]:
    """Asks for a path below the service's address, with these headers."""

    async def index(request: object) -> object:
        return files.index()

    app = Starlette(routes=[Route("/", index), Mount("/static", files)])

    async def asked(path: str, headers: dict[str, str], method: str) -> Any:
        through = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=through, base_url="http://localhost") as client:
            return await client.request(method, path, headers=headers)

    def ask(path: str, headers: dict[str, str] | None = None, method: str = "GET") -> Any:
        return asyncio.run(asked(path, headers or {}, method))

    return ask


def test_all_that_the_page_names_lies_below_its_version(
    files: PageFiles, get: Callable[..., Any]
) -> None:
    page = get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    named = re.findall(r'"(static/[^"]+)"', page.text)
    assert len(named) > 10
    for name in named:
        assert name.startswith(f"static/{files.version}/")
        answer = get(name)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "max-age=31536000, immutable"


@pytest.mark.parametrize("below", ["", "0123456789abcdef/"])
def test_without_the_version_or_with_an_earlier_one_browsers_ask_each_time(
    get: Callable[..., Any], below: str
) -> None:
    answer = get(f"/static/{below}js/app.js")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "import" in answer.text
    same = get(f"/static/{below}js/app.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    other = get(f"/static/{below}js/app.js", headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_files_are_packed_for_those_who_unpack(get: Callable[..., Any], encoding: str) -> None:
    answer = get("/static/css/base.css", headers={"Accept-Encoding": encoding})
    assert answer.headers.get("content-encoding", "identity") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert ":root" in answer.text


def test_other_names_and_methods_are_refused(get: Callable[..., Any]) -> None:
    for name in ("nothing.js", "", "js", "js/", "../app.py", "0123456789abcdef/nothing.js"):
        assert get(f"/static/{name}").status_code == 404, name
    assert get("/static/icon.svg", method="POST").status_code == 405
    head = get("/static/icon.svg", method="HEAD")
    assert (head.headers["content-type"], head.content) == ("image/svg+xml", b"")
