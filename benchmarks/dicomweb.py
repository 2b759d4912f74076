"""Answers studies of an Orthanc by DICOMweb while both ends are killed and started again.

    python benchmarks/dicomweb.py --count 200

Needs Orthanc with its DICOMweb plugin (Debian: orthanc, orthanc-dicomweb) and the extra `dicom`.
Stores phantoms, runs `panodent dicomweb`, kills it after a third of the studies and Orthanc after
two thirds, starts them again, and counts the results of each study. Prints a line of JSON; the exit
code is 1 if a study was not answered once.
"""

from __future__ import annotations

import argparse
import collections
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from panodent import phantom
from panodent.dicom_node.web_archive import WebArchive
from panodent.errors import UnreachableError
from panodent.phantom.dicom import to_dicom

PLUGINS = Path("/usr/share/orthanc/plugins")
ANSWER = ["PR", "PX", "SEG", "SR"]


class Orthanc:
    """An Orthanc of its own in a folder, on a free port of loopback."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as line:
            line.bind(("127.0.0.1", 0))
            port = line.getsockname()[1]
        settings = {
            "StorageDirectory": str(folder / "store"),
            "IndexDirectory": str(folder / "store"),
            "Plugins": [str(next(PLUGINS.glob("libOrthancDicomWeb*")))],
            "HttpPort": port,
            "DicomServerEnabled": False,
            "AuthenticationEnabled": False,
            "OverwriteInstances": False,
        }
        (folder / "orthanc.json").write_text(json.dumps(settings))
        self.folder, self.url = folder, f"http://127.0.0.1:{port}"
        self.start()

    def start(self) -> None:
        command = ["Orthanc", str(self.folder / "orthanc.json")]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        until(self.is_ready)

    def is_ready(self) -> bool:
        try:
            self.ask("/system")
        except OSError:
            return False
        return True

    def ask(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:  # noqa: S310 - loopback
            return json.load(answer)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def results(self) -> int:
        return int(self.ask("/statistics")["CountInstances"])

    def answered(self) -> dict[str, int]:
        """How many studies have which modalities."""
        found: collections.Counter[str] = collections.Counter()
        for study in self.ask("/studies"):
            series = self.ask(f"/studies/{study}/series")
            kinds = [x["MainDicomTags"]["Modality"] for x in series for _ in x["Instances"]]
            found[" ".join(sorted(kinds))] += 1
        return dict(found)


def until(reached: Callable[[], bool]) -> None:
    while not reached():
        time.sleep(0.2)


def fill(orthanc: Orthanc, folder: Path, count: int) -> None:
    archive = WebArchive(f"{orthanc.url}/dicom-web")
    for seed in range(count):
        to_dicom(phantom.draw(seed, (128, 256))[0], seed).save_as(
            folder / "phantom.dcm", enforce_file_format=True
        )
        archive.store(folder / "phantom.dcm")


def relay(orthanc: Orthanc, folder: Path) -> subprocess.Popen[bytes]:
    url = f"{orthanc.url}/dicom-web"
    command = [sys.executable, "-m", "panodent", "dicomweb", "--from", url, "--to", url]
    return subprocess.Popen([*command, "--spool", str(folder / "spool")], stdout=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=200, help="number of studies")
    count: int = parser.parse_args().count
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        orthanc = Orthanc(folder)
        try:
            fill(orthanc, folder, count)
            started = time.monotonic()
            running = relay(orthanc, folder)
            until(lambda: orthanc.results() >= 2 * count)
            running.kill()
            running.wait()
            running = relay(orthanc, folder)
            until(lambda: orthanc.results() >= 3 * count)
            orthanc.kill()
            time.sleep(2)
            orthanc.start()
            code = running.wait()
            if code:  # the archive was away for longer than it is asked again
                code = relay(orthanc, folder).wait()
            seconds = round(time.monotonic() - started)
            found = orthanc.answered()
        except UnreachableError as error:
            sys.exit(str(error))
        finally:
            orthanc.kill()
    print(json.dumps({"studies": count, "seconds": seconds, "exit_code": code, "kinds": found}))
    sys.exit(0 if found == {" ".join(ANSWER): count} and code == 0 else 1)


if __name__ == "__main__":
    main()
