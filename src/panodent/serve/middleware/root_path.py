"""Serves below a path, such as https://example.org/teeth/, whether or not the proxy removes it."""

from __future__ import annotations

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class RootPathMiddleware:
    """Removes `root`, such as '/teeth', from the paths of requests that begin with it."""

    def __init__(self, app: ASGIApp, root: str = "") -> None:
        self._app, self._root = app, root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        root = self._root
        if root and scope["type"] == "http":
            if scope["path"] == root:  # links of the page are relative to /teeth/
                await RedirectResponse(f"{root}/", 308)(scope, receive, send)
                return
            if scope["path"].startswith(f"{root}/"):
                path = scope["path"].removeprefix(root)
                scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)
