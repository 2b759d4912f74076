"""A DICOM node: takes radiographs by C-STORE, segments them, sends the results on.

An object is acknowledged once it is on disk; results leave the disk once the receiver has said
that it has them. A peer that vanishes is tried again, ever more slowly. A result sent twice because
its acknowledgement was lost has the same instance UID and content, so that an archive keeps one.
"""

from __future__ import annotations

import re
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from panodent.bundle.bundle import Bundle
from panodent.dicom import files
from panodent.dicom.source import Model, source_of
from panodent.dicom_node.spool import Spool, open_spool
from panodent.errors import ConfigError, MissingExtraError, PanodentError
from panodent.inference.predictor import Predictor
from panodent.radiograph.dicom_pixels import RADIOGRAPH_CLASSES

Report = Callable[[str], None]

SUCCESS, DUPLICATE, REFUSED_RESOURCES, CANNOT_UNDERSTAND = 0x0000, 0x0111, 0xA700, 0xC000
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
MARKS_KEPT_DAYS = 90
STALE = 600.0
"""Seconds after which what nobody writes to is not being received any more."""
_SYNTAXES = (
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
)
_RESULT_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.66.4",
    "1.2.840.10008.5.1.4.1.1.11.1",
    "1.2.840.10008.5.1.4.1.1.11.2",
    "1.2.840.10008.5.1.4.1.1.88.33",
)
_TITLE = re.compile(r"[ -\[\]-~]{1,16}")


@dataclass(frozen=True)
class Peer:
    """An application entity that takes results."""

    title: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Peer:
        """From TITLE@HOST:PORT; raises `ConfigError`."""
        match = re.fullmatch(r"([^@]+)@(.+):(\d{1,5})", text)
        if match is None or not 0 < int(match[3]) < 65536:
            raise ConfigError(f"peer {text!r}; expected AETITLE@HOST:PORT")
        return cls(title(match[1]), match[2].strip("[]"), int(match[3]))


def title(text: str) -> str:
    """An application entity title of 1 to 16 characters; raises `ConfigError`."""
    if not _TITLE.fullmatch(text) or not text.strip():
        raise ConfigError(f"AE title {text!r}; expected 1 to 16 characters, no backslash")
    return text.strip()


@dataclass
class Node:
    """A running node; `start` begins, `stop` ends with nothing half done.

    `allowed` are the calling AE titles taken; empty means any, on loopback only. `port` 0 takes a
    free one. `report` is told what happens, in words without a patient's data.
    """

    spool_folder: Path
    forward: Peer
    bundle: Bundle
    title: str = "PANODENT"
    host: str = "127.0.0.1"
    port: int = 11112
    allowed: Sequence[str] = ()
    kinds: Sequence[str] = ("seg", "pr", "sr")
    report: Report = field(default=lambda text: None)
    first_pause: float = FIRST_PAUSE
    spool: Spool = field(init=False)
    _stopping: threading.Event = field(init=False, default_factory=threading.Event)
    _arrived: threading.Event = field(init=False, default_factory=threading.Event)
    _ready: threading.Event = field(init=False, default_factory=threading.Event)
    _threads: list[threading.Thread] = field(init=False, default_factory=list)
    _server: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.title = title(self.title)
        self.allowed = tuple(title(name) for name in self.allowed)
        if not self.allowed and not _is_loopback(self.host):
            raise ConfigError(
                f"listening on {self.host} needs --allow with the calling AE titles to be taken; "
                "without it a node listens on loopback (127.0.0.1) only"
            )
        self.spool = open_spool(self.spool_folder)

    # --- life -----------------------------------------------------------------------------

    def start(self) -> None:
        """Listens, and works off what an earlier run left. Raises `ConfigError` if it cannot."""
        entity = self._entity()
        try:
            self._server = entity.start_server(
                (self.host, self.port), block=False, evt_handlers=self._handlers()
            )
        except OSError as error:
            self.spool.close()
            raise ConfigError(
                f"cannot listen on {self.host}:{self.port} ({error.strerror})"
            ) from None
        self.port = self._server.server_address[1]
        # What is being received is a patient's, too: it lies in the spool, not in /tmp.
        tempfile.tempdir = str(self.spool.work)
        self.spool.forget(time.time() - MARKS_KEPT_DAYS * 86_400)
        for work in (self._segment_all, self._send_all):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Takes nothing more, ends the radiograph in work, and leaves the rest on disk."""
        self._stopping.set()
        self._arrived.set()
        self._ready.set()
        if self._server is not None:
            self._server.shutdown()
        for thread in self._threads:
            thread.join()
        tempfile.tempdir = None
        self.spool.close()

    def _entity(self) -> Any:
        try:
            from pynetdicom import AE, _config
        except ImportError:
            raise MissingExtraError("dicom", "a DICOM node", "pynetdicom") from None
        _config.STORE_RECV_CHUNKED_DATASET = True  # to disk, not to memory
        _config.LOG_HANDLER_LEVEL = "none"
        entity = AE(ae_title=self.title)
        entity.require_called_aet = True
        entity.require_calling_aet = list(self.allowed)
        entity.maximum_associations = 8
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 60
        for abstract in RADIOGRAPH_CLASSES:
            entity.add_supported_context(abstract, list(_SYNTAXES))
        entity.add_supported_context("1.2.840.10008.1.1")
        return entity

    def _handlers(self) -> list[Any]:
        from pynetdicom import evt

        return [
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_ECHO, lambda event: SUCCESS),
            (evt.EVT_CONN_CLOSE, lambda event: self.spool.sweep(time.time() - STALE)),
        ]

    # --- in -------------------------------------------------------------------------------

    def _store(self, event: Any) -> int:
        uid = str(event.request.AffectedSOPInstanceUID or "")
        if not uid:
            return CANNOT_UNDERSTAND
        try:
            key = self.spool.take(uid, Path(event.dataset_path))
        except OSError as error:
            self.report(f"cannot keep what was sent ({error.strerror}); the sender is told")
            return REFUSED_RESOURCES
        if key is None:
            self.report("an object that was here before: acknowledged, not done again")
        else:
            self.report(f"received {key[:8]}")
            self._arrived.set()
        return SUCCESS

    def _segment_all(self) -> None:
        predictor = Predictor(self.bundle)
        while not self._stopping.is_set():
            waiting = self.spool.waiting()
            for file in waiting:
                if self._stopping.is_set():
                    return
                self._segment(predictor, file)
            if not waiting:
                self._arrived.wait(timeout=5)
                self._arrived.clear()

    def _segment(self, predictor: Predictor, file: Path) -> None:
        key = file.stem[:8]
        try:
            found = predictor.predict(file)
            model = Model(str(self.bundle.provenance.get("name", "")), self.bundle.digest)
            results = files.contents(source_of(found.radiograph, found, model), self.kinds)
        except PanodentError as error:
            self.spool.failed(file, str(error).replace(f"{file}: ", ""))
            self.report(f"{key} cannot be segmented; see failed/ in the spool")
            return
        except Exception as error:  # one odd object must not stop a node
            self.spool.failed(file, f"{type(error).__name__}")
            self.report(f"{key} cannot be segmented ({type(error).__name__}); see failed/")
            return
        self.spool.segmented(file, results)
        self.report(f"{key}: {len(found)} teeth, {len(results)} results to send")
        self._ready.set()

    # --- out ------------------------------------------------------------------------------

    def _send_all(self) -> None:
        pause = self.first_pause
        while not self._stopping.is_set():
            waiting = list(self.spool.outgoing())
            if waiting and not self._send(waiting):
                self.report(f"{self.forward.title} cannot be reached; next try in {pause:.0f} s")
                self._stopping.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            pause = self.first_pause
            if not waiting:
                self._ready.wait(timeout=5)
                self._ready.clear()

    def _send(self, waiting: Sequence[Path]) -> bool:
        """Sends over one association; False when the peer was not there to the end."""
        from pydicom import dcmread
        from pynetdicom import AE

        entity = AE(ae_title=self.title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 30
        entity.connection_timeout = 10
        for abstract in _RESULT_CLASSES:
            entity.add_requested_context(abstract, ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"])
        link = entity.associate(self.forward.host, self.forward.port, ae_title=self.forward.title)
        if not link.is_established:
            return False
        try:
            for file in waiting:
                if self._stopping.is_set():
                    return True
                try:
                    answer = link.send_c_store(dcmread(file))
                except (ValueError, RuntimeError) as error:
                    if not link.is_established:
                        return False
                    self.spool.failed(file, f"{self.forward.title} does not take it ({error})")
                    continue
                status = answer.get("Status")
                if status is None:
                    return False
                self._answered(file, int(status))
                if 0xA700 <= int(status) <= 0xA7FF:
                    return False
        finally:
            if link.is_established:
                link.release()
        return True

    def _answered(self, file: Path, status: int) -> None:
        if status in (SUCCESS, DUPLICATE) or 0xB000 <= status <= 0xBFFF:
            self.spool.sent(file)
            self.report(f"{file.parent.name[:8]}: {file.name} is with {self.forward.title}")
        elif not 0xA700 <= status <= 0xA7FF:  # out of resources: later
            self.spool.failed(file, f"{self.forward.title} refused it with status {status:#06x}")
            self.report(f"{file.parent.name[:8]}: {file.name} was refused; see failed/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
