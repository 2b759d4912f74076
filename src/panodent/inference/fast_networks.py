"""Makes the eight-bit networks of a bundle, which `panodent predict --fast` uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from panodent.bundle.bundle import Bundle
from panodent.bundle.fast import networks_of
from panodent.bundle.fast_files import FastNetworks
from panodent.bundle.files import sha256
from panodent.bundle.quantise import LEAST_AGREEMENT, quantised
from panodent.errors import BundleError
from panodent.inference.decode import find_teeth
from panodent.inference.refinement import crop_place, tooth_crops
from panodent.inference.rescaling import cut_window, locate
from panodent.utils.arrays import Float32Array, FloatImage

LEAST = {"network": LEAST_AGREEMENT, "refiner": 0.97, "findings": 0.9}
"""Smallest agreement with the network that each was made from."""


def with_fast_networks(bundle: Bundle, pictures: Sequence[FloatImage]) -> Bundle:
    """The bundle with eight-bit networks beside its own; its own results stay as they are.

    Ranges of values are measured on `pictures`, radiographs (H, W) in [0, 1]. Raises `BundleError`
    without pictures, for a quantised bundle, and where a network loses too much.
    """
    if not pictures:
        raise BundleError("quantising needs radiographs to measure ranges on; give at least one")
    if bundle.precision != "float32":
        raise BundleError("the bundle is quantised already; give the one that it was made from")
    seen = [seen_by_networks(bundle, pixels) for pixels in pictures]
    planes = {"network": 1 + len(bundle.classes), "refiner": 2}
    planes["findings"] = 0 if bundle.findings is None else 1 + len(bundle.findings.kinds)
    made, agreement, made_from = {}, {}, {}
    if bundle.refiner and not any(len(inputs["refiner"]) for inputs in seen):
        raise BundleError("no tooth was found for the refiner; give other radiographs")
    for name, network in networks_of(bundle).items():
        batches = [inputs[name] for inputs in seen if len(inputs[name])]
        made[name], share = quantised(network, batches, planes[name], LEAST[name])
        agreement[name] = round(share, 4)
        made_from[name] = sha256(network)
    return replace(bundle, fast=FastNetworks(made_from, agreement, len(pictures), made))


def seen_by_networks(bundle: Bundle, pixels: FloatImage) -> dict[str, Float32Array]:
    """What each network of a bundle is given for a radiograph (H, W), by name."""
    framed = bundle.frame.forward(pixels)
    inputs = {"network": framed[None, None]}
    if bundle.refiner:
        found, none = find_teeth(bundle.run(framed), len(bundle.classes))
        places = [crop_place(tooth, bundle.classes, none.shape) for tooth in found]
        inputs["refiner"] = tooth_crops(pixels, none, found, places)
    if bundle.findings is not None:
        located = locate(bundle, pixels)
        part = cut_window(pixels, located.window)
        inputs["findings"] = bundle.findings.input(part, located.tooth)[None]
    return inputs
