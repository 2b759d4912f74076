"""`panodent dicom-node`: receives radiographs by DICOM and sends their results on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panodent.cli.console import print_line
from panodent.cli.options import BundleName
from panodent.errors import UnknownNameError

if TYPE_CHECKING:
    from panodent.dicom_node.node import Node


def dicom_node(
    forward: Annotated[
        str, typer.Option(help="Where results go: AETITLE@HOST:PORT.", metavar="PEER")
    ],
    spool: Annotated[Path, typer.Option(help="Folder for what is on its way.")],
    aet: Annotated[str, typer.Option(help="Our own AE title.")] = "PANODENT",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 11112,
    allow: Annotated[
        list[str] | None,
        typer.Option(help="Calling AE title to accept (repeat); demanded beyond loopback."),
    ] = None,
    results: Annotated[str, typer.Option(help="What to send: seg,pr,sr or some.")] = "seg,pr,sr",
    bundle: BundleName = "default",
    threads: Annotated[int, typer.Option(min=0, help="Threads of the network; 0: all.")] = 0,
) -> None:
    """Receive radiographs by DICOM, segment them, send the results on."""
    from panodent.bundle.bundle import load
    from panodent.dicom.files import KINDS
    from panodent.dicom_node.node import Node, Peer

    kinds = tuple(results.split(","))
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise UnknownNameError("DICOM result", unknown[0], KINDS)
    peer = Peer.parse(forward)
    node = Node(
        spool,
        peer,
        load(bundle, threads),
        aet,
        host,
        port,
        allow or [],
        kinds,
        report=print_line,
    )
    _run(node)


def _run(node: Node) -> None:
    """Runs the node until the process is told to stop (Ctrl-C, SIGTERM)."""
    import signal
    import threading

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    node.start()
    print_line(
        f"{node.title} listens on {node.host}:{node.port}; results go to {node.forward.title}"
    )
    stop.wait()
    print_line("stopping; what is not done yet stays in the spool")
    node.stop()
