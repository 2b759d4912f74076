"""A bundle whose eight-bit networks are used in place of its own, for `panodent predict --fast`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from panodent.bundle.bundle import Bundle
from panodent.bundle.fast_files import by_name
from panodent.errors import BundleError


def networks_of(bundle: Bundle) -> dict[str, bytes]:
    """The networks of a bundle by name, see `panodent.bundle.fast_files.NAMES`."""
    return by_name(bundle.network, bundle.refiner, bundle.findings)


def fast_bundle(bundle: Bundle) -> Bundle:
    """The bundle with its eight-bit networks in place of the others.

    Raises `BundleError` if it has none, or one that was made from another network.
    """
    if bundle.fast is None:
        raise BundleError(
            "the bundle has no eight-bit networks; make a bundle that has some with panodent "
            "quantise --beside, or leave out --fast"
        )
    return with_networks(bundle, bundle.fast.standing_in_for(networks_of(bundle)))


def with_networks(bundle: Bundle, networks: Mapping[str, bytes]) -> Bundle:
    """The bundle with these eight-bit networks in place of its own."""
    findings = bundle.findings
    if findings is not None and "findings" in networks:
        findings = replace(findings, network=networks["findings"])
    offsets = bool(bundle.architecture.get("offsets"))
    return replace(
        bundle,
        network=networks["network"],
        refiner=networks.get("refiner", bundle.refiner),
        findings=findings,
        architecture={"offsets": offsets, "precision": "int8"},
        norms={},
        fast=None,
    )
