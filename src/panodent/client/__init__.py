"""A client of `panodent serve`: `Client`, and `AsyncClient` for asyncio.

>>> from panodent.client import Client
>>> with Client("http://127.0.0.1:8080", token_file="studies/token") as client:  # doctest: +SKIP
...     study = client.add_study("scan.png")
...     client.export_study(study["id"], "report.pdf")

Needs the package httpx: pip install 'panodent[client]'.
"""

from __future__ import annotations

from panodent.errors import MissingExtraError

try:
    import httpx  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingExtraError("client", "panodent.client", str(error.name)) from None

from panodent.client.async_client import AsyncClient
from panodent.client.client import Client

__all__ = ["AsyncClient", "Client"]
