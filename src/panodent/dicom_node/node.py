"""A DICOM node: receives radiographs by C-STORE, segments them, and sends the results on.

An object is acknowledged after it is written to disk; a result is deleted from disk after the
receiver has acknowledged it. If the receiver cannot be reached, the node tries again, with growing
pauses. A result that is sent twice because its acknowledgement was lost has the same instance UID
and content, so an archive keeps one copy.
"""

from __future__ import annotations

import re
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from panodent.bundle.bundle import Bundle
from panodent.dicom_node.segmenting import segment
from panodent.dicom_node.spool import Spool, open_spool
from panodent.errors import ConfigError, MissingExtraError, OutputError
from panodent.inference.predictor import Predictor
from panodent.radiograph.dicom_kind import RADIOGRAPH_CLASSES
from panodent.utils.network import is_loopback

ReportFunction = Callable[[str], None]

SUCCESS, DUPLICATE, REFUSED_RESOURCES, CANNOT_UNDERSTAND = 0x0000, 0x0111, 0xA700, 0xC000
FIRST_PAUSE, MAX_PAUSE = 1.0, 300.0
"""Seconds before the receiver is tried again; the pause doubles each time."""
SEEN_DAYS = 90
"""Days for which the node recognises an object that is sent again."""
STALE_SECONDS = 600.0
"""A partly received file that was not written to for so long is deleted."""
SYNTAXES = (
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
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
class ApplicationEntity:
    """Title and address of the DICOM application entity that receives the results."""

    title: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> ApplicationEntity:
        """From TITLE@HOST:PORT; raises `ConfigError`.

        >>> ApplicationEntity.parse("PACS@[::1]:104")
        ApplicationEntity(title='PACS', host='::1', port=104)
        """
        match = re.fullmatch(r"([^@]+)@(.+):(\d{1,5})", text)
        if match is None or not 0 < int(match[3]) < 65536:
            raise ConfigError(f"receiver {text!r}; expected AETITLE@HOST:PORT")
        return cls(ae_title(match[1]), match[2].strip("[]"), int(match[3]))


def ae_title(text: str) -> str:
    """A valid application entity title, without outer spaces; raises `ConfigError`.

    Source: value representation AE, DICOM PS3.5 section 6.2.
    """
    if not _TITLE.fullmatch(text) or not text.strip():
        raise ConfigError(f"AE title {text!r}; expected 1 to 16 characters, no backslash")
    return text.strip()


@dataclass
class Node:
    """A DICOM node; `start` begins to listen, `stop` finishes the radiograph in progress.

    spool_folder : folder of the spool; see `panodent.dicom_node.spool`.
    forward : receiver of the results.
    title, host, port : the node's own AE title and address; port 0 takes a free one.
    allowed : accepted calling AE titles; empty accepts any, which is allowed on loopback only.
    kinds : kinds of results, of `panodent.dicom.files.KINDS`.
    report : called with messages about what happens; they contain no patient data.
    first_pause : seconds before the receiver is tried again for the first time.
    """

    spool_folder: Path
    forward: ApplicationEntity
    bundle: Bundle
    title: str = "PANODENT"
    host: str = "127.0.0.1"
    port: int = 11112
    allowed: Sequence[str] = ()
    kinds: Sequence[str] = ("seg", "pr", "sr")
    report: ReportFunction = field(default=lambda text: None)
    first_pause: float = FIRST_PAUSE
    spool: Spool = field(init=False)
    _stopping: threading.Event = field(init=False, default_factory=threading.Event)
    _arrived: threading.Event = field(init=False, default_factory=threading.Event)
    _ready: threading.Event = field(init=False, default_factory=threading.Event)
    _threads: list[threading.Thread] = field(init=False, default_factory=list)
    _server: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.title = ae_title(self.title)
        self.allowed = tuple(ae_title(name) for name in self.allowed)
        if not self.allowed and not is_loopback(self.host):
            raise ConfigError(
                f"listening on {self.host} needs --allow with the accepted calling AE titles; "
                "without it a node listens on loopback (127.0.0.1) only"
            )
        self.spool = open_spool(self.spool_folder)

    # --- start and stop -------------------------------------------------------------------

    def start(self) -> None:
        """Listens, and continues with the spool of an earlier run.

        Raises `ConfigError` if the address cannot be listened on.
        """
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
        # pynetdicom writes received objects to temporary files: keep patient data in the spool.
        tempfile.tempdir = str(self.spool.work)
        self.spool.remove_old_marks(time.time() - SEEN_DAYS * 86_400)
        for loop in (self._segment_all, self._send_all):
            thread = threading.Thread(target=self._persist, args=(loop,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Stops listening, finishes the radiograph in progress; the rest stays in the spool."""
        self._stopping.set()
        self._arrived.set()
        self._ready.set()
        if self._server is not None:
            self._server.shutdown()
        for thread in self._threads:
            thread.join()
        tempfile.tempdir = None
        self.spool.close()

    def _persist(self, loop: Callable[[], None]) -> None:
        """Runs a loop until the node stops, again after a pause where the spool has no space."""
        while not self._stopping.is_set():
            try:
                loop()
            except (OSError, OutputError) as error:
                why = getattr(error, "strerror", None) or error
                self.report(f"the spool cannot be written ({why}); next try in {MAX_PAUSE:.0f} s")
                self._stopping.wait(MAX_PAUSE)

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
            entity.add_supported_context(abstract, list(SYNTAXES))
        entity.add_supported_context("1.2.840.10008.1.1")
        return entity

    def _handlers(self) -> list[Any]:
        from pynetdicom import evt

        return [
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_ECHO, lambda event: SUCCESS),
            (
                evt.EVT_CONN_CLOSE,
                lambda event: self.spool.remove_stale(time.time() - STALE_SECONDS),
            ),
        ]

    # --- receiving ------------------------------------------------------------------------

    def _store(self, event: Any) -> int:
        uid = str(event.request.AffectedSOPInstanceUID or "")
        if not uid:
            return CANNOT_UNDERSTAND
        try:
            place = self.spool.receive(uid, Path(event.dataset_path))
        except OSError as error:
            self.report(
                f"a received object cannot be stored ({error.strerror}); the sender is notified"
            )
            return REFUSED_RESOURCES
        if place is None:
            self.report("received an object again: acknowledged, not segmented again")
        else:
            self.report(f"received {place.stem[:8]}")
            self._arrived.set()
        return SUCCESS

    def _segment_all(self) -> None:
        predictor = Predictor(self.bundle)
        while not self._stopping.is_set():
            received = self.spool.received()
            for file in received:
                if self._stopping.is_set():
                    return
                if segment(predictor, self.spool, file, self.kinds, self.report):
                    self._ready.set()
            if not received:
                self._arrived.wait(timeout=5)
                self._arrived.clear()

    # --- sending --------------------------------------------------------------------------

    def _send_all(self) -> None:
        pause = self.first_pause
        while not self._stopping.is_set():
            waiting = list(self.spool.outgoing())
            if waiting and not self._send(waiting):
                self.report(f"{self.forward.title} cannot be reached; next try in {pause:.0f} s")
                self._stopping.wait(pause)
                pause = min(2 * pause, MAX_PAUSE)
                continue
            pause = self.first_pause
            if not waiting:
                self._ready.wait(timeout=5)
                self._ready.clear()

    def _send(self, waiting: Sequence[Path]) -> bool:
        """Sends results over one association; returns False if the receiver became unreachable."""
        from pydicom import dcmread
        from pynetdicom import AE

        entity = AE(ae_title=self.title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 30
        entity.connection_timeout = 10
        for abstract in _RESULT_CLASSES:
            entity.add_requested_context(abstract, ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"])
        association = entity.associate(
            self.forward.host, self.forward.port, ae_title=self.forward.title
        )
        if not association.is_established:
            return False
        try:
            for file in waiting:
                if self._stopping.is_set():
                    return True
                try:
                    answer = association.send_c_store(dcmread(file))
                except (ValueError, RuntimeError) as error:
                    if not association.is_established:
                        return False
                    self.spool.mark_failed(
                        file, f"{self.forward.title} does not accept it ({error})"
                    )
                    continue
                status = answer.get("Status")
                if status is None:
                    return False
                self._handle_status(file, int(status))
                if 0xA700 <= int(status) <= 0xA7FF:
                    return False
        finally:
            if association.is_established:
                association.release()
        return True

    def _handle_status(self, file: Path, status: int) -> None:
        if status in (SUCCESS, DUPLICATE) or 0xB000 <= status <= 0xBFFF:
            self.spool.mark_sent(file)
            self.report(f"{file.parent.name[:8]}: {file.name} was sent to {self.forward.title}")
        elif not 0xA700 <= status <= 0xA7FF:  # out of resources: tried again later
            self.spool.mark_failed(
                file, f"{self.forward.title} refused it with status {status:#06x}"
            )
            self.report(f"{file.parent.name[:8]}: {file.name} was refused; see failed/")
