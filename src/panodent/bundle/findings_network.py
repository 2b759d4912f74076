"""The network of a bundle that finds fillings, crowns, implants and other findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from panodent.bundle.calibration import Calibration
from panodent.bundle.exposure import TOOTH, exposed, gamma_for
from panodent.bundle.frame import Frame
from panodent.bundle.session import CPU, Session
from panodent.errors import BundleError, UnknownNameError
from panodent.radiograph.resampling import resized
from panodent.teeth.finding_kinds import KINDS
from panodent.utils.arrays import Float32Array, FloatImage

CHANNELS = 2
"""Pixels, and the probability of any tooth by the bundle's first network."""
SIDES = ("height", "width")
"""Names of the network's input sides in its file where it takes any multiples of 32."""
Part = tuple[slice, slice]
"""Rows and columns of a frame or a plane."""
WHOLE: Part = (slice(None), slice(None))


@dataclass(frozen=True)
class KindLimits:
    """What is too little to be a finding of a kind.

    area : smallest area, as a share of the radiograph's.
    score : smallest mean probability of its pixels, 0 to 1, before calibration.
    """

    area: float = 0.0
    score: float = 0.0

    def __post_init__(self) -> None:
        for name in ("area", "score"):
            if not 0 <= getattr(self, name) <= 1:
                raise BundleError(f"limit {name} is {getattr(self, name)}; expected 0 to 1")


@dataclass(frozen=True)
class FindingsNetwork:
    """A network that says of each pixel which kind of finding it shows.

    Attributes
    ----------
    network : the ONNX file's bytes: float32 (batch, CHANNELS, height, width) -> logits
        (batch, 1 + len(kinds), h, w), of which the first is "no finding". Its sides are the
        frame's, or `SIDES` where it takes parts of the frame as well.
    frame : how a radiograph becomes the network's input.
    kinds : the kind of each further logit, names from `panodent.teeth.finding_kinds.KINDS`.
    limits : by kind; kinds without an entry have none.
    calibration : maps mean probabilities to probabilities that the finding is right.
    threads : threads of the network; 0 lets the runtime choose.
    device : what the network runs on, one of `panodent.bundle.session.DEVICES`.

    Raises `UnknownNameError` for an unknown kind, `BundleError` for kinds named twice or not at
    all.
    """

    network: bytes = field(repr=False)
    frame: Frame
    kinds: tuple[str, ...]
    limits: Mapping[str, KindLimits] = field(default_factory=dict)
    calibration: Calibration = field(default_factory=Calibration)
    threads: int = field(default=0, compare=False)
    device: str = field(default=CPU, compare=False)
    _session: Session = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.kinds or len(set(self.kinds)) < len(self.kinds):
            raise BundleError(f"findings network names the kinds {self.kinds}; name each once")
        for name in (*self.kinds, *self.limits):
            if name not in KINDS:
                raise UnknownNameError("kind of finding", name, KINDS)
        # Other devices may have to prepare the network anew for each size.
        sides = {} if self.device == CPU else dict(zip(SIDES, self.frame.size, strict=True))
        session = Session(self.network, self.threads, "findings network", self.device, sides)
        object.__setattr__(self, "_session", session)

    def open(self) -> None:
        """Loads the network into the runtime.

        Raises `BundleError` when it is damaged or does not fit its frame and kinds.
        """
        shape, answer = self._session.shapes()
        wanted = [CHANNELS, *self.frame.size]
        sides = self.frame.size if self.takes_parts() else shape[2:]
        if [shape[1], *sides] != wanted or answer[1] != 1 + len(self.kinds):
            raise BundleError(
                f"the findings network takes {shape} and answers {answer}; its frame and kinds "
                f"ask for {wanted} and {1 + len(self.kinds)} planes: export the bundle again"
            )

    def takes_parts(self) -> bool:
        """Whether the network can see a part of its frame, with sides that are multiples of 32."""
        return tuple(self._session.shapes()[0][2:]) == SIDES

    def predict_planes(
        self, pixels: FloatImage, tooth: FloatImage, part: Part = WHOLE
    ) -> Float32Array:
        """Logits (1 + kinds, h, w) of a radiograph, or of a part of it.

        pixels : (H, W) in [0, 1].
        tooth : probability of any tooth, 0 to 1, over the whole radiograph in any resolution.
        part : rows and columns of the frame, see `takes_parts`.
        """
        answer: Float32Array = self._session.run(self.input(pixels, tooth, part)[None])[0]
        return answer

    def input(self, pixels: FloatImage, tooth: FloatImage, part: Part = WHOLE) -> Float32Array:
        """The network's input, float32 (CHANNELS, height, width); see `predict_planes`."""
        framed, sure = self.frame.forward(pixels), resized(tooth, self.frame.size)
        gamma = gamma_for(framed, sure > TOOTH)
        return np.stack([exposed(framed[part], gamma), tooth_channel(sure[part])])


def tooth_channel(tooth: FloatImage) -> FloatImage:
    """The probability of any tooth as the network sees it: 0 to 1 becomes -1 to 1."""
    channel = np.clip(tooth, 0, 1).astype(np.float32, copy=False)
    channel *= 2
    channel -= 1
    return channel


def card_entry(findings: FindingsNetwork, file: str, digest: str) -> dict[str, Any]:
    """The entry of a bundle's card that `from_card` reads."""
    return {
        "file": file,
        "sha256": digest,
        "frame": {"height": findings.frame.height, "width": findings.frame.width},
        "kinds": list(findings.kinds),
        "limits": {
            kind: {"area": limit.area, "score": limit.score}
            for kind, limit in findings.limits.items()
        },
        "calibration": {
            "slope": findings.calibration.slope,
            "offset": findings.calibration.offset,
        },
    }


def from_card(entry: Mapping[str, Any], network: bytes, threads: int = 0) -> FindingsNetwork:
    """The network that a card's entry describes; raises as `FindingsNetwork` does."""
    return FindingsNetwork(
        network,
        Frame(**entry["frame"]),
        tuple(str(kind) for kind in entry["kinds"]),
        {str(kind): KindLimits(**limit) for kind, limit in entry.get("limits", {}).items()},
        Calibration(**entry.get("calibration", {})),
        threads,
    )
