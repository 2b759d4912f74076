"""A bundle: a folder with everything that prediction needs.

BUNDLE/bundle.json     frame, classes, decoding, provenance, scores, digest of the network
BUNDLE/network.onnx    the network for inference
BUNDLE/norms.npz       batch-norm statistics, which fine-tuning needs back (optional)
BUNDLE/refiner.onnx    the network that refines outlines (optional)
BUNDLE/findings.onnx   the network that finds fillings, crowns, implants and more (optional)
BUNDLE/seen.txt        digests of the radiographs that it was trained on (optional)
BUNDLE/fast-*.onnx     eight-bit forms of the networks, see `panodent.bundle.fast_files`

The bundle named "default" lies inside the package: nothing is downloaded at run time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.bundle import fast_files
from panodent.bundle.calibration import Calibration
from panodent.bundle.fast_files import FastNetworks
from panodent.bundle.files import (
    CARD_FILE,
    FINDINGS_FILE,
    NETWORK_FILE,
    NORMS_FILE,
    REFINER_FILE,
    make_room,
    read_network,
    read_norms,
    sha256,
    write_norms,
)
from panodent.bundle.findings_network import FindingsNetwork, card_entry, from_card
from panodent.bundle.frame import Frame
from panodent.bundle.seen import Seen
from panodent.bundle.seen import read as read_seen
from panodent.bundle.seen import write as write_seen
from panodent.bundle.session import CPU, Session, check_device
from panodent.dentition import TEETH
from panodent.errors import BundleError, ConfigError
from panodent.utils.arrays import Float32Array, FloatImage
from panodent.utils.atomic_files import write_whole

FORMAT = 1
DEFAULT = "default"
RUNTIME = "onnxruntime"
"""The library that runs networks, recorded in each bundle; docs/experiments/ compares others."""
MAX_NETWORK_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Bundle:
    """A network for inference with its input and output conventions.

    Attributes
    ----------
    network : the ONNX file's bytes: float32 (batch, 1, height, width) -> (batch, planes, h, w):
        1 + len(classes) logits, of which the first is "no tooth", and perhaps two offset planes.
    frame : how a radiograph becomes the network's input.
    classes : FDI number of each further logit.
    architecture : settings of `panodent.training.unet.UNetConfig`, for fine-tuning.
    provenance : how, when and from which data it was trained; plain data.
    scores : what it scored on which images; plain data.
    norms : batch-norm vectors by layer name, or empty.
    threads : threads of the network; 0 lets the runtime choose.
    calibration : maps raw scores to probabilities.
    sizes : usual (height, width) of teeth by FDI number, as shares of the radiograph's, or empty;
        `panodent.inference.rescaling` recognises an unusual scale by it.
    refiner : bytes of the network that `panodent.inference.refinement` uses, or none.
    findings : the network that `panodent.inference.findings` uses, or None.
    seen : which radiographs it was trained on.
    source : the folder that it was read from, "default" for the included bundle, or empty.
    device : what the networks run on, one of `panodent.bundle.session.DEVICES`.
    fast : eight-bit forms of the networks, or None.

    Raises `BundleError` for repeated or unknown classes and impossible sizes.
    """

    network: bytes = field(repr=False)
    frame: Frame
    classes: tuple[int, ...]
    architecture: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    scores: Mapping[str, Any] = field(default_factory=dict)
    norms: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict, repr=False)
    threads: int = field(default=0, compare=False)
    calibration: Calibration = field(default_factory=Calibration)
    sizes: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    refiner: bytes = field(default=b"", repr=False)
    findings: FindingsNetwork | None = field(default=None, repr=False)
    seen: Seen = field(default=Seen(), repr=False, compare=False)
    source: str = field(default="", compare=False)
    device: str = field(default=CPU, compare=False)
    fast: FastNetworks | None = field(default=None, repr=False, compare=False)
    _network_session: Session = field(init=False, repr=False, compare=False)
    _refiner_session: Session = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.classes or len(set(self.classes)) < len(self.classes):
            raise BundleError("a bundle's classes name each tooth once; these do not")
        if unknown := [fdi for fdi in self.classes if fdi not in TEETH]:
            raise BundleError(f"bundle class {unknown[0]} is not an FDI number")
        if odd := [fdi for fdi, size in self.sizes.items() if not all(0 < x <= 1 for x in size)]:
            raise BundleError(f"usual size of tooth {odd[0]}: expected two shares, above 0 to 1")
        sessions = (
            Session(self.network, self.threads, device=self.device),
            Session(self.refiner, self.threads, "refiner", self.device),
        )
        object.__setattr__(self, "_network_session", sessions[0])
        object.__setattr__(self, "_refiner_session", sessions[1])
        usual = (self.threads, self.device)
        if self.findings is not None and (self.findings.threads, self.findings.device) != usual:
            own = replace(self.findings, threads=self.threads, device=self.device)
            object.__setattr__(self, "findings", own)

    @property
    def name(self) -> str:
        """What its training called it, '' if nothing."""
        return str(self.provenance.get("name", ""))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what determines the results, as hexadecimal text.

        That of the network; with a refiner, that of both SHA-256 texts together. A findings
        network adds its entry of the card in the same way.
        """
        digest = sha256(self.network)
        if self.refiner:
            digest = sha256((digest + sha256(self.refiner)).encode())
        if self.findings is not None:
            entry = json.dumps(_findings_entry(self.findings), sort_keys=True)
            digest = sha256((digest + entry).encode())
        return digest

    def without_refiner(self) -> Bundle:
        """The bundle without its refiner: outlines of the first network, faster."""
        return replace(self, refiner=b"")

    def without_findings(self) -> Bundle:
        """The bundle without its findings network: teeth alone, faster."""
        return replace(self, findings=None)

    @property
    def precision(self) -> str:
        """Data type of the network's weights: float32, or int8 (see `panodent.bundle.quantise`)."""
        return str(self.architecture.get("precision", "float32"))

    def open(self) -> None:
        """Loads the networks into the runtime now, before several threads use them.

        Raises `BundleError` when one is damaged or does not fit the bundle.
        """
        shape, answer = self._network_session.shapes()
        if list(shape[1:]) != [1, *self.frame.size]:
            raise BundleError(
                f"the network takes {shape}, the bundle's frame is {self.frame.size}; "
                "export the bundle again"
            )
        wanted = 1 + len(self.classes) + 2 * bool(self.architecture.get("offsets"))
        if answer[1] != wanted:
            raise BundleError(
                f"the network has {answer[1]} output planes, the bundle's {len(self.classes)} "
                f"teeth and its architecture ask for {wanted}; export the bundle again"
            )
        if self.refiner:
            self._refiner_session.open()
        if self.findings is not None:
            self.findings.open()

    def open_in_background(self) -> Thread:
        """Starts to load the network in another thread; `open` waits for it and raises its errors.

        Loading takes some 50 ms without the interpreter lock, while modules are imported.
        """

        def begin() -> None:
            with suppress(BundleError):  # `open` raises it again
                self.open()
                self.digest  # noqa: B018 - computed here, results need it

        # Python waits for this thread before it ends: the runtime must not end while it loads.
        (thread := Thread(target=begin, name="panodent-open")).start()
        return thread

    def predict_planes(self, pixels: FloatImage) -> Float32Array:
        """Network output, float32 (p, h, w), for pixels (H, W) in [0, 1]; see `network`."""
        return self.run(self.frame.forward(pixels))

    def run(self, framed: FloatImage) -> Float32Array:
        """Network output, float32 (p, h, w), for the network's input (height, width)."""
        self.open()
        planes: Float32Array = self._network_session.run(framed[None, None])[0]
        return planes

    def refine(self, crops: Float32Array) -> Float32Array:
        """The refiner's logits for crops; see `panodent.inference.refinement`."""
        return self._refiner_session.run(crops)


def load(path: str | os.PathLike[str] = DEFAULT, threads: int = 0, device: str = CPU) -> Bundle:
    """Reads a bundle folder, the bundle of a training run, or the default bundle by its name.

    `threads` for the network, 0 for the runtime's choice; `device` is one of
    `panodent.bundle.session.DEVICES`. Raises `BundleError` when the bundle is missing, damaged or
    of a newer format, `ConfigError` when the runtime does not support the device.

    >>> load("default").frame.size
    (256, 512)
    """
    if device != CPU:
        check_device(device)
    folder = _folder(path)
    try:
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        network_file = folder / NETWORK_FILE
        if network_file.stat().st_size > MAX_NETWORK_BYTES:
            raise BundleError(f"{network_file}: larger than {MAX_NETWORK_BYTES} bytes")
        network = network_file.read_bytes()
    except OSError as error:
        raise BundleError(
            f"{path}: no bundle there ({error.strerror}); expected a folder with {CARD_FILE} and "
            f"{NETWORK_FILE}, as `panodent train` writes into RUN/bundle"
        ) from None
    except ValueError as error:
        card = folder / CARD_FILE
        raise BundleError(f"{card}: not JSON ({error}); copy the whole bundle again") from None
    made = replace(_checked(folder, card, network, threads), fast=_fast(folder, card.get("fast")))
    source = DEFAULT if str(path) == DEFAULT else str(folder.resolve())
    seen = read_seen(folder, card.get("seen"))
    return replace(made, seen=seen, source=source, device=device)


def _folder(path: str | os.PathLike[str]) -> Path:
    if str(path) == DEFAULT:
        return Path(str(resources.files("panodent.bundle") / DEFAULT))
    folder = Path(path)
    inside = folder / "bundle"
    return inside if not (folder / CARD_FILE).exists() and inside.is_dir() else folder


def _checked(folder: Path, card: Any, network: bytes, threads: int) -> Bundle:
    try:
        if card["format"] > FORMAT:
            raise BundleError(
                f"{folder}: bundle format {card['format']}; this panodent reads up to {FORMAT}: "
                "install a newer one"
            )
        bundle = Bundle(
            network,
            Frame(**card["frame"]),
            tuple(int(fdi) for fdi in card["classes"]),
            card.get("architecture", {}),
            card.get("provenance", {}),
            card.get("scores", {}),
            read_norms(folder / NORMS_FILE),
            threads,
            Calibration(**card.get("calibration", {})),
            {int(fdi): (float(h), float(w)) for fdi, (h, w) in card.get("sizes", {}).items()},
            read_network(folder / REFINER_FILE, card.get("refiner")),
            _findings(folder, card.get("findings")),
        )
        digest = card["network"]["sha256"]
        runtime = card["network"].get("runtime", RUNTIME)
    except (KeyError, TypeError, ValueError, AttributeError, ConfigError) as error:
        raise BundleError(f"{folder / CARD_FILE}: {error!r} where a bundle was expected") from None
    if runtime != RUNTIME:
        raise BundleError(
            f"{folder}: made for the runtime {runtime!r}; this panodent has {RUNTIME}: "
            "install a newer one"
        )
    if digest != (found := sha256(network)):
        raise BundleError(
            f"{folder / NETWORK_FILE}: damaged or exchanged (SHA-256 {found[:12]}..., "
            f"the bundle says {str(digest)[:12]}...); copy the whole bundle again"
        )
    return bundle


def _fast(folder: Path, entry: Any) -> FastNetworks | None:
    try:
        return fast_files.from_card(entry, folder)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleError(f"{folder / CARD_FILE}: {error!r} in the entry 'fast'") from None


def _findings(folder: Path, entry: Any) -> FindingsNetwork | None:
    """The findings network that a card's entry describes; None without an entry."""
    network = read_network(folder / FINDINGS_FILE, entry)
    return from_card(entry, network) if network else None


def save(bundle: Bundle, folder: Path) -> None:
    """Writes a bundle in place of one that is there.

    bundle.json is removed first and written last, so an interrupted write leaves no bundle.
    Eight-bit networks that were made from other networks are left out. Raises `OutputError` if a
    file cannot be written.
    """
    networks = fast_files.by_name(bundle.network, bundle.refiner, bundle.findings)
    fast = fast_files.held(bundle.fast, networks)
    make_room(folder)
    write_whole(folder / NETWORK_FILE, bundle.network)
    if bundle.refiner:
        write_whole(folder / REFINER_FILE, bundle.refiner)
    if bundle.findings is not None:
        write_whole(folder / FINDINGS_FILE, bundle.findings.network)
    if bundle.norms:
        write_norms(folder / NORMS_FILE, bundle.norms)
    card = {
        "format": FORMAT,
        "frame": asdict(bundle.frame),
        "classes": list(bundle.classes),
        "network": {
            "file": NETWORK_FILE,
            "sha256": sha256(bundle.network),
            "runtime": RUNTIME,
            "precision": bundle.precision,
        },
        "architecture": dict(bundle.architecture),
        "calibration": asdict(bundle.calibration),
        "sizes": {str(fdi): list(size) for fdi, size in bundle.sizes.items()},
        "provenance": dict(bundle.provenance),
        "scores": dict(bundle.scores),
    }
    if bundle.refiner:
        card["refiner"] = {"file": REFINER_FILE, "sha256": sha256(bundle.refiner)}
    if bundle.findings is not None:
        card["findings"] = _findings_entry(bundle.findings)
    if fast is not None:
        card["fast"] = fast_files.write(fast, folder)
    if (seen := write_seen(bundle.seen, folder)) is not None:
        card["seen"] = seen
    write_whole(folder / CARD_FILE, json.dumps(card, indent=2, ensure_ascii=False) + "\n")


def _findings_entry(findings: FindingsNetwork) -> dict[str, Any]:
    return card_entry(findings, FINDINGS_FILE, sha256(findings.network))
