"""Lets the findings network of a bundle see parts of its frame, if it was made for the whole one.

    python tools/open_sides.py BUNDLE

The sides of its input and output get names in place of lengths, in the eight-bit form as well.
Weights and answers stay as they are; prediction becomes faster. `panodent findings` makes such
networks.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import onnx

from panodent.bundle import bundle
from panodent.bundle.fast import networks_of
from panodent.bundle.files import sha256
from panodent.bundle.findings_network import SIDES
from panodent.training.onnx_export import ANSWER_SIDES


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle", type=Path)
    given = parser.parse_args(arguments)
    made = bundle.load(given.bundle)
    if made.findings is None:
        parser.error(f"{given.bundle} has no findings network")
    findings = replace(made.findings, network=open_sides(made.findings.network))
    fast = made.fast
    if fast is not None:
        networks = fast.standing_in_for(networks_of(made))
        networks["findings"] = open_sides(networks["findings"])
        made_from = {**fast.made_from, "findings": sha256(findings.network)}
        fast = replace(fast, networks=networks, made_from=made_from)
    bundle.save(replace(made, findings=findings, fast=fast), given.bundle)
    print(f"{given.bundle}: findings network {sha256(findings.network)}")


def open_sides(network: bytes) -> bytes:
    """The network (ONNX) with names in place of the lengths of its sides."""
    model = onnx.load_from_string(network)
    del model.graph.value_info[:]  # shapes between the layers, of the fixed sides
    named = ((model.graph.input[0], SIDES), (model.graph.output[0], ANSWER_SIDES))
    for value, names in named:
        for side, name in zip(value.type.tensor_type.shape.dim[2:], names, strict=True):
            side.dim_param = name
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString()
    return data


if __name__ == "__main__":
    main()
