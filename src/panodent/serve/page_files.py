"""The files of the page: scripts, style sheets and the icon, held in memory."""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_MEDIA_TYPES = {
    "css": "text/css",
    "html": "text/html",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
_VERSION = re.compile(r"[0-9a-f]{16}/")
_LASTING = "max-age=31536000, immutable"


class PageFiles:
    """An ASGI application that answers `NAME` and `VERSION/NAME` with a file of the page.

    version : 16 hexadecimal digits that change when any file changes.

    Browsers keep what they got below the current version for a year, so a page that is loaded
    again asks for nothing but itself. Without a version, or with that of an earlier release, they
    ask each time. The files are read once: after a change of one, the service must be restarted.
    """

    def __init__(self) -> None:
        self._files = dict(_files(resources.files("panodent.serve") / "static"))
        digest = hashlib.sha256()
        for name, file in sorted(self._files.items()):
            digest.update(f"{name} {len(file.content)} ".encode() + file.content)
        self.version = digest.hexdigest()[:16]

    def index(self) -> Response:
        """The page itself, which names its files below the current version."""
        text = self._files["index.html"].content.decode()
        return Response(
            text.replace('"static/', f'"static/{self.version}/'), media_type="text/html"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; raises `HTTPException` for names and methods that do not exist."""
        request = Request(scope)
        if request.method not in ("GET", "HEAD"):
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        path = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/")
        file = self._files.get(_VERSION.sub("", path, count=1) if _VERSION.match(path) else path)
        if file is None:
            raise HTTPException(404)
        lasting = path.startswith(f"{self.version}/")
        headers = {"ETag": file.etag, "Vary": "Accept-Encoding"}
        headers |= {"Cache-Control": _LASTING if lasting else "no-cache"}
        known = request.headers.get("if-none-match", "")
        if file.etag in (part.strip().removeprefix("W/") for part in known.split(",")):
            answer = Response(status_code=304, headers=headers)
        elif "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            answer = Response(file.packed, headers=headers, media_type=file.media_type)
        else:
            answer = Response(file.content, headers=headers, media_type=file.media_type)
        await answer(scope, receive, send)


class _File:
    def __init__(self, name: str, content: bytes) -> None:
        self.content = content
        self.media_type = _MEDIA_TYPES[name.rpartition(".")[2]]
        self.etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'

    @cached_property
    def packed(self) -> bytes:
        return gzip.compress(self.content, mtime=0)


def _files(folder: Traversable, prefix: str = "") -> list[tuple[str, _File]]:
    """Names relative to the folder, and files, of all folders in it."""
    found = []
    for item in folder.iterdir():
        name = prefix + item.name
        if item.is_dir():
            found += _files(item, f"{name}/")
        else:
            found.append((name, _File(name, item.read_bytes())))
    return found
