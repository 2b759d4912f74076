"""The eight-bit networks beside those of a bundle, for `panodent predict --fast`.

BUNDLE/fast-network.onnx, fast-refiner.onnx and fast-findings.onnx stand in for the networks without
"fast-". They are read when they are asked for, so that they do not make other starts slower. Each
records the network that it was made from; if that was exchanged since, it is not used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from panodent.bundle.files import FAST_FILES, read_network, sha256
from panodent.bundle.findings_network import FindingsNetwork
from panodent.errors import BundleError
from panodent.utils.atomic_files import write_whole

NAMES = ("network", "refiner", "findings")
"""The networks of a bundle, by the entry of its card."""
_FILE = dict(zip(NAMES, FAST_FILES, strict=True))


@dataclass(frozen=True)
class FastNetworks:
    """Eight-bit forms of a bundle's networks.

    Attributes
    ----------
    made_from : SHA-256 of the network that each was made from, by name.
    agreement : share of pixels in objects on which both forms agree, 0 to 1, by name.
    radiographs : on how many the ranges of values were measured.
    networks : bytes by name; where they are not given they are read from `folder`.
    folder, digests : where the files are, and their SHA-256 by name.
    """

    made_from: Mapping[str, str]
    agreement: Mapping[str, float]
    radiographs: int
    networks: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    folder: Path | None = None
    digests: Mapping[str, str] = field(default_factory=dict)

    def standing_in_for(self, networks: Mapping[str, bytes]) -> dict[str, bytes]:
        """The eight-bit form of each of the given networks, by name.

        Raises `BundleError` if one has no such form, or a file is missing or damaged.
        """
        for name, network in networks.items():
            if self.made_from.get(name) != sha256(network):
                raise BundleError(
                    f"the eight-bit form of the bundle's {name} was made from another one; make "
                    "it again with panodent quantise --beside, or leave out --fast"
                )
        return {name: self._network(name) for name in networks}

    def _network(self, name: str) -> bytes:
        if name in self.networks or self.folder is None:
            return self.networks[name]
        return read_network(self.folder / _FILE[name], {"sha256": self.digests[name]})


def by_name(network: bytes, refiner: bytes, findings: FindingsNetwork | None) -> dict[str, bytes]:
    """The networks that a bundle has, by name, see `NAMES`.

    >>> by_name(b"network", b"", None)
    {'network': b'network'}
    """
    networks = (network, refiner, b"" if findings is None else findings.network)
    return {name: data for name, data in zip(NAMES, networks, strict=True) if data}


def held(fast: FastNetworks | None, networks: Mapping[str, bytes]) -> FastNetworks | None:
    """The same in memory; None unless they were made from just these `networks`, by name.

    Raises `BundleError` if a file is missing or damaged.
    """
    if fast is None or fast.made_from != {name: sha256(data) for name, data in networks.items()}:
        return None
    return replace(fast, networks=fast.standing_in_for(networks), folder=None)


def write(fast: FastNetworks, folder: Path) -> dict[str, Any]:
    """Writes networks that are `held`; returns the card's entry."""
    entry = {}
    for name, data in fast.networks.items():
        write_whole(folder / _FILE[name], data)
        entry[name] = {
            "file": _FILE[name],
            "sha256": sha256(data),
            "from": fast.made_from[name],
            "agreement": fast.agreement[name],
        }
    return {"radiographs": fast.radiographs, "networks": entry}


def from_card(entry: Mapping[str, Any] | None, folder: Path) -> FastNetworks | None:
    """What a card's entry describes, without reading the files; None without an entry.

    Raises `KeyError`, `TypeError` or `ValueError` for other data.
    """
    if entry is None:
        return None
    listed = {str(name): dict(one) for name, one in entry["networks"].items()}
    return FastNetworks(
        {name: str(one["from"]) for name, one in listed.items()},
        {name: float(one["agreement"]) for name, one in listed.items()},
        int(entry["radiographs"]),
        folder=folder,
        digests={name: str(one["sha256"]) for name, one in listed.items()},
    )
