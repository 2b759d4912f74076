"""Against a real archive: Orthanc, started here on loopback with a store of its own."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")
pytest.importorskip("pynetdicom")

from panodent import phantom  # noqa: E402
from panodent.bundle import bundle  # noqa: E402
from panodent.dicom import seg  # noqa: E402
from panodent.dicom.files import to_bytes  # noqa: E402
from panodent.dicom_node.node import ApplicationEntity, Node  # noqa: E402
from panodent.inference.folder import predict_files  # noqa: E402
from panodent.inference.one_input import Options  # noqa: E402
from panodent.outputs.record import from_record  # noqa: E402
from panodent.phantom.dicom import to_dicom  # noqa: E402

PLUGINS = "/usr/share/orthanc/plugins"
pytestmark = pytest.mark.skipif(
    shutil.which("Orthanc") is None or not list(Path(PLUGINS).glob("libOrthancDicomWeb*")),
    reason="needs Orthanc with its DICOMweb plugin (Debian: orthanc, orthanc-dicomweb)",
)


class Orthanc:
    def __init__(self, folder: Path, http: int, dicom: int) -> None:
        self.http, self.dicom = http, dicom
        settings = {
            "Name": "test",
            "StorageDirectory": str(folder / "store"),
            "IndexDirectory": str(folder / "store"),
            "Plugins": [str(next(Path(PLUGINS).glob("libOrthancDicomWeb*")))],
            "HttpPort": self.http,
            "DicomPort": self.dicom,
            "DicomAet": "ORTHANC",
            "DicomAlwaysAllowStore": True,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "StudiesMetadata": "Full"},
            "OverwriteInstances": False,
        }
        (folder / "orthanc.json").write_text(json.dumps(settings))
        self.command = ["Orthanc", str(folder / "orthanc.json")]
        self.log = (folder / "orthanc.log").open("w")
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(120)

    def ready(self) -> bool:
        try:
            self.ask("/system")
        except OSError:
            return False
        return True

    def ask(self, path: str, data: bytes | None = None, **headers: str) -> tuple[Any, bytes]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http}{path}",
            data,
            {name.replace("_", "-"): value for name, value in headers.items()},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 - loopback
            return answer.headers, answer.read()

    def search(self, path: str) -> list[dict[str, Any]]:
        """QIDO-RS."""
        found: list[dict[str, Any]] = json.loads(
            self.ask(f"/dicom-web/{path}", Accept="application/dicom+json")[1]
        )
        return found

    def store(self, datasets: list[Any]) -> None:
        """STOW-RS."""
        parts = [
            b"--edge\r\nContent-Type: application/dicom\r\n\r\n" + to_bytes(dataset) + b"\r\n"
            for dataset in datasets
        ]
        kind = 'multipart/related; type="application/dicom"; boundary=edge'
        self.ask("/dicom-web/studies", b"".join([*parts, b"--edge--"]), Content_Type=kind)

    def fetch(self, path: str) -> list[Any]:
        """WADO-RS."""
        headers, body = self.ask(
            f"/dicom-web/{path}", Accept='multipart/related; type="application/dicom"'
        )
        edge = b"--" + headers.get_param("boundary").encode()
        contents = [part.partition(b"\r\n\r\n")[2][:-2] for part in body.split(edge)[1:-1]]
        return [pydicom.dcmread(io.BytesIO(content)) for content in contents]

    def close(self) -> None:
        self.stop()
        self.log.close()


def until(what: Any, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def modalities(listed: list[dict[str, Any]]) -> list[str]:
    return sorted(item["00080060"]["Value"][0] for item in listed)


@pytest.fixture
def orthanc(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Orthanc]:
    server = Orthanc(tmp_path, free_port(), free_port())
    try:
        until(server.ready)
        yield server
    finally:
        server.close()


def test_fetched_predicted_and_stored_back(orthanc: Orthanc, tmp_path: Path) -> None:
    radiograph = to_dicom(phantom.draw(4, (512, 1024))[0], 4)
    orthanc.store([radiograph])
    (listed,) = orthanc.search("instances?Modality=PX")
    study, series, instance = (
        listed[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018")
    )
    (fetched,) = orthanc.fetch(f"studies/{study}/series/{series}/instances/{instance}")
    fetched.save_as(tmp_path / "fetched.dcm", enforce_file_format=True)

    options = Options(dicom=("seg", "pr", "sr"))
    (status,) = predict_files([tmp_path / "fetched.dcm"], tmp_path / "out", options=options)
    assert status.status == "done"
    place = tmp_path / "out" / "fetched"
    made = [pydicom.dcmread(place / f"teeth.{kind}.dcm") for kind in ("seg", "pr", "sr")]
    orthanc.store(made)

    listed_series = orthanc.search(f"studies/{study}/series")
    assert modalities(listed_series) == ["PR", "PX", "SEG", "SR"]
    back = {str(dataset.Modality): dataset for dataset in orthanc.fetch(f"studies/{study}")}
    for dataset in made:
        assert back[str(dataset.Modality)] == dataset
    truth = from_record(json.loads((place / "teeth.json").read_text()))
    read_back = seg.to_teeth(back["SEG"])
    assert read_back.fdi.tolist() == truth.fdi.tolist()
    assert all(map(np.array_equal, read_back.masks, truth.masks))


def test_a_node_between_device_and_archive(orthanc: Orthanc, tmp_path: Path) -> None:
    from pynetdicom import AE

    node = Node(
        tmp_path / "spool",
        ApplicationEntity("ORTHANC", "127.0.0.1", orthanc.dicom),
        bundle.load(threads=1),
        port=0,
    )
    node.start()
    try:
        device = AE("OPG1")
        radiograph = to_dicom(phantom.draw(5, (256, 512))[0], 5)
        device.add_requested_context(radiograph.SOPClassUID)
        link = device.associate("127.0.0.1", node.port, ae_title="PANODENT")
        assert link.send_c_store(radiograph).Status == 0
        link.release()
        until(lambda: len(orthanc.search("instances")) == 3)
    finally:
        node.stop()
    assert modalities(orthanc.search("instances")) == ["PR", "SEG", "SR"]


def test_dicomweb_answers_each_study_once(
    orthanc: Orthanc, tmp_path: Path, teeth_bundle: Path
) -> None:
    pytest.importorskip("dicomweb_client", reason="needs the dicom extra")
    from panodent.dicom_node.web_archive import WebArchive
    from panodent.dicom_node.web_relay import WebRelay
    from panodent.errors import UnreachableError

    def relay(report: Callable[[str], None]) -> WebRelay:
        def archive() -> WebArchive:
            return WebArchive(f"http://127.0.0.1:{orthanc.http}/dicom-web")

        loaded = bundle.load(teeth_bundle, threads=1)
        return WebRelay(
            tmp_path / "spool", archive, archive, loaded, report=report, first_pause=0.05
        )

    orthanc.store([to_dicom(phantom.draw(seed, (128, 256))[0], seed) for seed in (4, 5)])
    # The archive ends when the first radiograph is ready to send, and the relay gives up.
    with pytest.raises(UnreachableError, match="cannot be reached"):
        relay(lambda text: orthanc.stop() if "to send" in text else None).run()
    orthanc.start()
    until(orthanc.ready)
    counts = relay(lambda text: None).run()
    assert counts.stored == 6
    assert relay(lambda text: None).run().fetched == 0
    kinds = modalities(orthanc.search("instances"))
    assert kinds == ["PR", "PR", "PX", "PX", "SEG", "SEG", "SR", "SR"]
    for study in orthanc.search("studies"):
        found = orthanc.search(f"studies/{study['0020000D']['Value'][0]}/series")
        assert modalities(found) == ["PR", "PX", "SEG", "SR"]
