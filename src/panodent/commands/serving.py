"""Programs that run until they are told to stop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from panodent.cli.console import say
from panodent.errors import ConfigError, MissingExtraError


def dicom_node(
    forward: str,
    spool: Path,
    aet: str,
    host: str,
    port: int,
    allow: Sequence[str],
    results: Sequence[str],
    bundle: str,
    threads: int,
) -> int:
    """Runs a DICOM node until it is told to stop (Ctrl-C, SIGTERM)."""
    import signal
    import threading

    from panodent.bundle.bundle import load
    from panodent.dicom.files import KINDS
    from panodent.dicom_node.node import ApplicationEntity, Node
    from panodent.errors import UnknownNameError

    if unknown := [kind for kind in results if kind not in KINDS]:
        raise UnknownNameError("DICOM result", unknown[0], KINDS)
    peer = ApplicationEntity.parse(forward)
    node = Node(
        spool, peer, load(bundle, threads), aet, host, port, allow, tuple(results), report=say
    )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    node.start()
    say(f"{node.title} listens on {node.host}:{node.port}; results go to {peer.title}")
    stop.wait()
    say("stopping; what is not done yet stays in the spool")
    node.stop()
    return 0


def serve(
    store: Path,
    host: str,
    port: int,
    *,
    database: str,
    bundle: str,
    workers: int,
    retain: float,
    token_file: Path | None,
    no_token: bool,
    names: Sequence[str],
    max_bytes: int,
    max_pixels: int,
    seconds: float,
    waiting: int,
    label_studio: str,
    verbose: bool,
) -> int:
    """Runs the page and the API until told to stop (Ctrl-C, SIGTERM)."""
    import os

    try:
        from panodent.serve.app import ServiceSettings
        from panodent.serve.middleware.limits import Limits
        from panodent.serve.routes.label_studio_images import LabelStudioAccess
        from panodent.serve.server import listen, run
    except ModuleNotFoundError as error:
        if str(error.name).startswith("panodent"):
            raise
        raise MissingExtraError("serve", "serving", str(error.name)) from None
    from panodent.utils.network import is_loopback
    from panodent.utils.parallel import available_cores

    token = _token(token_file)
    open_to_others = not is_loopback(host)
    if open_to_others and token is None and not no_token:
        raise ConfigError(
            f"serving on {host} would let anybody there in; set PANODENT_TOKEN or --token-file, "
            "or say --no-token where something else keeps strangers out"
        )
    hosts = {"localhost", "127.0.0.1", "::1", host, *names} if names or not open_to_others else None
    settings = ServiceSettings(
        store=store,
        database=database,
        bundle=bundle,
        workers=workers or available_cores(),
        max_pixels=max_pixels,
        task_seconds=seconds,
        max_waiting=waiting,
        retain_days=retain,
        token=token,
        hosts=None if hosts is None else frozenset(name.lower() for name in hosts),
        limits=Limits(upload=max_bytes),
        label_studio=LabelStudioAccess(label_studio, os.environ.get("LABEL_STUDIO_API_KEY", "")),
    )
    listener = listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    say(f"panodent is at http://{shown}:{listener.getsockname()[1]}/ (Ctrl-C ends it)")
    say(f"it keeps studies in {store}; research use only, not a medical device")
    run(settings, listener, verbose)
    return 0


def _token(file: Path | None) -> str | None:
    import os

    if file is None:
        return os.environ.get("PANODENT_TOKEN", "").strip() or None
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file}: cannot be read as a token ({error})") from None
    if not token:
        raise ConfigError(f"{file}: holds no token")
    return token
