"""The DICOM node: what is acknowledged is never lost, what was sent is not sent again."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")
pytest.importorskip("pynetdicom")

from pynetdicom import AE, evt  # noqa: E402

from panodent import phantom  # noqa: E402
from panodent.bundle import bundle  # noqa: E402
from panodent.dicom_node import node as node_module  # noqa: E402
from panodent.dicom_node.node import _RESULT_CLASSES, ApplicationEntity, Node  # noqa: E402
from panodent.dicom_node.spool import open_spool  # noqa: E402
from panodent.errors import ConfigError, OutputError  # noqa: E402
from panodent.phantom.dicom import to_dicom  # noqa: E402

DX = "1.2.840.10008.5.1.4.1.1.1.1"
SECONDS = 120.0


def until(what: Callable[[], Any], seconds: float = SECONDS) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


class Archive:
    """A storage provider that keeps what it gets, and can be made to fail.

    Where `stops_at` is so many objects, the last of them is kept and not acknowledged before `go`.
    """

    def __init__(self, port: int = 0, syntax: str = "1.2.840.10008.1.2.1") -> None:
        self.kept: list[Any] = []
        self.answers: list[int] = []
        self.vanish = self.closed = False
        self.stops_at, self.go = 0, threading.Event()
        entity = AE("ARCHIVE")
        for abstract in _RESULT_CLASSES:
            entity.add_supported_context(abstract, syntax)
        handlers = [(evt.EVT_C_STORE, self._store)]
        self.server = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)
        self.port = self.server.server_address[1]

    def _store(self, event: Any) -> int:
        if self.vanish:
            self.vanish = False
            event.assoc.abort()
            return 0xC000
        if self.answers and (answer := self.answers.pop(0)):
            return answer
        dataset = event.dataset
        dataset.file_meta = event.file_meta
        self.kept.append(dataset)
        if len(self.kept) == self.stops_at:
            self.go.wait(SECONDS)
        return 0

    def close(self) -> None:
        if not self.closed:
            self.server.shutdown()
        self.closed = True


@pytest.fixture
def archive() -> Iterator[Archive]:
    made = Archive()
    yield made
    made.close()


@pytest.fixture(scope="module")
def radiographs() -> list[Any]:
    return [to_dicom(phantom.draw(seed, (256, 512))[0], seed) for seed in (1, 2)]


@pytest.fixture
def start(teeth_bundle: Path, tmp_path: Path) -> Iterator[Callable[..., Node]]:
    running: list[Node] = []

    def begin(port: int, **settings: Any) -> Node:
        node = Node(
            tmp_path / "spool",
            ApplicationEntity("ARCHIVE", "127.0.0.1", port),
            bundle.load(teeth_bundle, threads=1),
            port=0,
            first_pause=0.2,
            **settings,
        )
        node.start()
        running.append(node)
        return node

    yield begin
    for node in running:
        node.stop()


def send(node: Node, dataset: Any, calling: str = "DEVICE", called: str = "PANODENT") -> int | None:
    """The status of a C-STORE, None where no association came about."""
    return store(node.port, dataset, calling, called)


def store(port: int, dataset: Any, calling: str = "DEVICE", called: str = "PANODENT") -> int | None:
    entity = AE(calling)
    entity.add_requested_context(dataset.SOPClassUID)
    link = entity.associate("127.0.0.1", port, ae_title=called)
    if not link.is_established:
        return None
    status = link.send_c_store(dataset)
    link.release()
    return int(status.Status)


def empty(node: Node) -> bool:
    """Whether all is done; looks at the folders alone, since the spool's own calls change them."""
    folders = (node.spool.root / "received", node.spool.root / "outgoing")
    return not any(list(folder.iterdir()) for folder in folders)


def test_results_reach_the_archive(
    start: Callable[..., Node], archive: Archive, radiographs: list[Any]
) -> None:
    said: list[str] = []
    node = start(archive.port, report=said.append)
    for dataset in radiographs:
        assert send(node, dataset) == 0
    until(lambda: len(archive.kept) == 6 and empty(node))
    kinds = sorted(str(dataset.Modality) for dataset in archive.kept)
    assert kinds == ["PR", "PR", "SEG", "SEG", "SR", "SR"]
    studies = {dataset.StudyInstanceUID for dataset in archive.kept}
    assert studies == {dataset.StudyInstanceUID for dataset in radiographs}
    assert send(node, radiographs[0]) == 0  # the same again: acknowledged, not done again
    assert empty(node)
    assert sum("received an object again" in text for text in said) == 1
    assert len(archive.kept) == 6
    assert not any("PHANTOM" in text or "2.25" in text for text in said)


def test_a_peer_that_is_not_there_is_waited_for(
    start: Callable[..., Node], free_port: Callable[[], int], radiographs: list[Any]
) -> None:
    port = free_port()
    node = start(port, kinds=("seg",))
    assert send(node, radiographs[0]) == 0
    until(lambda: list((node.spool.root / "outgoing").iterdir()))
    later = Archive(port)
    try:
        until(lambda: len(later.kept) == 1 and empty(node))
    finally:
        later.close()


def test_a_peer_that_vanishes_in_the_middle_gets_each_result_once(
    start: Callable[..., Node], archive: Archive, radiographs: list[Any]
) -> None:
    archive.vanish = True
    archive.answers = [0, 0xA700]  # then out of resources once
    node = start(archive.port)
    assert send(node, radiographs[0]) == 0
    until(lambda: len(archive.kept) == 3 and empty(node))
    assert len({dataset.SOPInstanceUID for dataset in archive.kept}) == 3


def test_what_the_archive_has_already_counts_as_sent(
    start: Callable[..., Node], archive: Archive, radiographs: list[Any]
) -> None:
    archive.answers = [0x0111]  # duplicate SOP instance: the acknowledgement was lost
    node = start(archive.port, kinds=("seg", "sr"))
    assert send(node, radiographs[0]) == 0
    until(lambda: len(archive.kept) == 1 and empty(node))
    assert not list((node.spool.root / "failed").iterdir())


def test_an_archive_of_the_default_transfer_syntax_alone(
    start: Callable[..., Node], radiographs: list[Any]
) -> None:
    old = Archive(syntax="1.2.840.10008.1.2")
    try:
        node = start(old.port, kinds=("seg",))
        assert send(node, radiographs[0]) == 0
        until(lambda: len(old.kept) == 1 and empty(node))
        assert old.kept[0].file_meta.TransferSyntaxUID == "1.2.840.10008.1.2"
    finally:
        old.close()


def test_a_device_that_vanishes_in_the_middle_sends_again(
    start: Callable[..., Node], archive: Archive, radiographs: list[Any]
) -> None:
    node = start(archive.port, kinds=("sr",))
    entity = AE("DEVICE")
    entity.add_requested_context(DX)
    link = entity.associate("127.0.0.1", node.port, ae_title="PANODENT")
    whole, sent = link.dul.socket.send, []

    def some(data: bytes) -> None:
        sent.append(len(data))
        if len(sent) > 4:
            link.dul.socket.close()
        else:
            whole(data)

    link.dul.socket.send = some
    assert not link.send_c_store(radiographs[0])  # no status: the association broke
    until(lambda: len(list(node.spool.work.glob("tmp*"))) == 1)
    assert empty(node)
    assert send(node, radiographs[0]) == 0
    until(lambda: len(archive.kept) == 1 and empty(node))
    # The second transfer's own file goes a moment after its acknowledgement.
    until(lambda: len(list(node.spool.work.glob("tmp*"))) == 1)
    node.spool.remove_stale(time.time() + 1)
    until(lambda: not list(node.spool.work.iterdir()))


def _process(spool: Path, port: int, bundle: Path) -> tuple[subprocess.Popen[str], int]:
    """`panodent dicom-node` and the port that it listens on."""
    peer = f"ARCHIVE@127.0.0.1:{port}"
    running = subprocess.Popen(
        [
            *(sys.executable, "-m", "panodent", "dicom-node", "--forward", peer),
            *("--spool", str(spool), "--port", "0", "--threads", "1", "--bundle", str(bundle)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    found = re.search(r"listens on 127\.0\.0\.1:(\d+)", running.stdout.readline())
    assert found is not None
    return running, int(found[1])


def test_a_node_killed_at_the_worst_times_loses_nothing(
    archive: Archive,
    radiographs: list[Any],
    free_port: Callable[[], int],
    teeth_bundle: Path,
    tmp_path: Path,
) -> None:
    """Killed right after its acknowledgements, and again while it sends."""
    spool = tmp_path / "spool"
    running, port = _process(spool, free_port(), teeth_bundle)  # nobody is there to send to
    for dataset in radiographs:
        assert store(port, dataset) == 0
    running.kill()
    running.wait()
    archive.stops_at = 2
    running, _ = _process(spool, archive.port, teeth_bundle)
    until(lambda: len(archive.kept) == 2)
    running.kill()
    running.wait()
    archive.go.set()
    running, _ = _process(spool, archive.port, teeth_bundle)
    try:
        until(lambda: len({dataset.SOPInstanceUID for dataset in archive.kept}) == 6)
        until(lambda: not list((spool / "outgoing").iterdir()))
    finally:
        running.terminate()
        assert running.wait(SECONDS) == 0
    # The one whose acknowledgement the kill cut off comes twice, under one UID.
    assert len(archive.kept) == 7
    assert not list((spool / "received").iterdir())
    assert not list((spool / "failed").iterdir())


def test_what_is_refused_for_good_is_laid_aside(
    start: Callable[..., Node], archive: Archive, radiographs: list[Any], tmp_path: Path
) -> None:
    archive.answers = [0xC000]
    node = start(archive.port, kinds=("seg", "sr"))
    assert send(node, radiographs[0]) == 0
    until(lambda: len(archive.kept) == 1 and empty(node))
    (reason,) = (tmp_path / "spool/failed").glob("*.txt")
    assert "0xc000" in reason.read_text()


def test_a_restart_goes_on_where_it_was(
    start: Callable[..., Node], archive: Archive, radiographs: list[Any], tmp_path: Path
) -> None:
    spool = open_spool(tmp_path / "spool")
    radiographs[1].save_as(tmp_path / "in.dcm", enforce_file_format=True)
    assert spool.receive("1.2.3", tmp_path / "in.dcm") is not None
    assert spool.receive("1.2.3", tmp_path / "in.dcm") is None
    spool.close()
    node = start(archive.port, kinds=("sr",))
    until(lambda: len(archive.kept) == 1 and empty(node))


def test_what_cannot_be_segmented_is_laid_aside_and_the_rest_goes_on(
    start: Callable[..., Node], archive: Archive, radiographs: list[Any], tmp_path: Path
) -> None:
    broken = to_dicom(phantom.draw(3, (128, 256))[0], 3)
    broken.NumberOfFrames = 2
    broken.PixelData = broken.PixelData * 2
    node = start(archive.port, kinds=("seg",))
    assert send(node, broken) == 0
    assert send(node, radiographs[0]) == 0
    until(lambda: len(archive.kept) == 1 and empty(node))
    (reason,) = (tmp_path / "spool/failed").glob("*.txt")
    assert "multi-frame" in reason.read_text()
    assert "spool" not in reason.read_text()


def test_what_predict_reads_is_not_laid_aside(
    start: Callable[..., Node], archive: Archive, tmp_path: Path
) -> None:
    """An odd modality, a bad window, a broken LUT, and a LUT that one result cannot hold."""
    sent = [to_dicom(phantom.draw(seed, (256, 512))[0], seed) for seed in (1, 2)]
    sent[0].Modality, sent[0].VOILUTSequence = "opg", [pydicom.Dataset()]
    sent[0].WindowCenter, sent[0].WindowWidth = 99999, 2
    item = pydicom.Dataset()
    item.add_new("LUTDescriptor", "SS", [4096, -2048, 16])
    item.add_new("LUTData", "OW", np.arange(0, 65536, 16, dtype="<u2").tobytes())
    sent[1].PixelRepresentation, sent[1].VOILUTSequence = 1, [item]
    sent[1].PixelData = (sent[1].pixel_array.astype(np.int16) - 2048).tobytes()
    said: list[str] = []
    node = start(archive.port, report=said.append)
    for dataset in sent:
        assert send(node, dataset) == 0
    until(lambda: len(archive.kept) == 5 and empty(node))
    assert not list((tmp_path / "spool/failed").iterdir())
    assert sorted(str(kept.Modality) for kept in archive.kept) == ["PR", "SEG", "SEG", "SR", "SR"]
    assert sum("teeth.pr.dcm was left out" in text for text in said) == 1
    report = next(k for k in archive.kept[::-1] if k.Modality == "SR")
    assert "teeth.pr.dcm was left out" in report.ContentSequence[-1].TextValue


def test_a_full_disk_is_told_and_the_work_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_module, "MAX_PAUSE", 0.0)
    said: list[str] = []
    peer = ApplicationEntity("ARCHIVE", "127.0.0.1", 4242)
    node = Node(tmp_path / "spool", peer, bundle.load(), report=said.append)
    faults = [OSError(28, "No space left on device"), OutputError("a: cannot be written")]

    def loop() -> None:
        if faults:
            raise faults.pop(0)
        node._stopping.set()

    node._persist(loop)
    node.spool.close()
    assert [text.partition(";")[0] for text in said] == [
        "the spool cannot be written (No space left on device)",
        "the spool cannot be written (a: cannot be written)",
    ]


def test_only_titles_on_the_list_are_taken(
    start: Callable[..., Node], archive: Archive, radiographs: list[Any]
) -> None:
    node = start(archive.port, allowed=["OPG1"], kinds=("sr",))
    assert send(node, radiographs[0], calling="STRANGER") is None
    assert send(node, radiographs[0], calling="OPG1", called="OTHER") is None
    assert send(node, radiographs[0], calling="OPG1") == 0


def test_beyond_loopback_a_list_is_demanded(tmp_path: Path) -> None:
    peer = ApplicationEntity("ARCHIVE", "127.0.0.1", 4242)
    with pytest.raises(ConfigError, match="needs --allow"):
        Node(tmp_path, peer, bundle.load(), host="0.0.0.0")  # noqa: S104 - refused
    node = Node(tmp_path, peer, bundle.load(), host="0.0.0.0", allowed=["OPG1"])  # noqa: S104
    node.spool.close()
    assert Node(tmp_path / "b", peer, bundle.load()).host == "127.0.0.1"


@pytest.mark.parametrize(
    "text", ["", "A", "A@b", "A@b:0", "A@b:99999", "@b:1", "ANAMETHATISTOOLONG@b:1", "A\\B@c:1"]
)
def test_peers_that_make_no_sense(text: str) -> None:
    with pytest.raises(ConfigError):
        ApplicationEntity.parse(text)


def test_a_peer_is_title_host_and_port() -> None:
    assert ApplicationEntity.parse("PACS@[::1]:104") == ApplicationEntity("PACS", "::1", 104)


def test_a_port_in_use_is_said(
    start: Callable[..., Node], archive: Archive, tmp_path: Path
) -> None:
    node = Node(tmp_path / "s", ApplicationEntity("A", "b", 1), bundle.load(), port=archive.port)
    with pytest.raises(ConfigError, match="cannot listen"):
        node.start()
