"""`panodent dicom-node`: receives radiographs by DICOM and sends their results on."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panodent.cli.console import print_line
from panodent.cli.options import BundleName, NetworkThreads, checked_results

if TYPE_CHECKING:
    from panodent.dicom_node.node import Node


def dicom_node(
    forward: Annotated[
        str,
        typer.Option(
            help="DICOM node that receives the results, AETITLE@HOST:PORT.", metavar="PEER"
        ),
    ],
    spool: Annotated[
        Path, typer.Option(help="Folder for radiographs and results until they are sent.")
    ],
    aet: Annotated[str, typer.Option(help="AE title of this node.")] = "PANODENT",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0: a free port.")
    ] = 11112,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            help="Calling AE title to accept; may be repeated. Required unless --host is loopback."
        ),
    ] = None,
    results: Annotated[
        str, typer.Option(help="Results to send, separated by commas: seg, pr, sr, seg-ohif.")
    ] = "seg,pr,sr",
    bundle: BundleName = "default",
    threads: NetworkThreads = 0,
) -> None:
    """Receive radiographs by DICOM and send on their results.

    Runs until it is stopped (Ctrl-C or SIGTERM). Results are segmentations (seg), presentation
    states (pr) and structured reports (sr).
    """
    from panodent.bundle.bundle import load
    from panodent.dicom_node.node import ApplicationEntity, Node

    kinds = checked_results(results)
    peer = ApplicationEntity.parse(forward)
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
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    node.start()
    print_line(
        f"{node.title} listens on {node.host}:{node.port}; sends results to {node.forward.title}"
    )
    stop.wait()
    print_line("stopping; radiographs and results that are not sent yet stay in the spool")
    node.stop()
