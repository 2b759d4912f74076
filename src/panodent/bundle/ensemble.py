"""Joins several bundles to one whose network outputs the mean of their planes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from panodent.bundle.bundle import Bundle
from panodent.bundle.calibration import Calibration
from panodent.errors import BundleError, MissingExtraError


def ensemble(members: Sequence[Bundle]) -> Bundle:
    """One bundle of two or more with equal frame and classes; it takes as long as all together.

    Its calibration is the mean of theirs. It cannot be fine-tuned. Raises `BundleError` when the
    members do not fit together.
    """
    first, *others = members
    if not others:
        raise BundleError(f"{len(members)} given; an ensemble needs at least two bundles")
    for number, other in enumerate(others, start=2):
        for what in ("frame", "classes"):
            if getattr(other, what) != getattr(first, what):
                raise BundleError(f"bundle {number} and the first differ in {what}")
        if _offsets(other) != _offsets(first):
            raise BundleError(f"bundle {number} and the first differ in their offset planes")
    if len({member.digest for member in members}) < len(members):
        raise BundleError("one network is given twice; an ensemble needs different ones")
    calibrations = [member.calibration for member in members]
    return Bundle(
        _joined([member.network for member in members]),
        first.frame,
        first.classes,
        {"offsets": _offsets(first), "members": len(members)},
        {
            "name": "ensemble",
            "members": [{"sha256": m.digest, **dict(m.provenance)} for m in members],
        },
        calibration=Calibration(
            float(np.mean([item.slope for item in calibrations])),
            float(np.mean([item.offset for item in calibrations])),
        ),
        sizes=first.sizes,
        refiner=first.refiner,
        findings=first.findings,
        seen=first.seen.joined(member.seen for member in others),
    )


def _offsets(bundle: Bundle) -> bool:
    return bool(bundle.architecture.get("offsets"))


def _joined(networks: Sequence[bytes]) -> bytes:
    """One ONNX graph that runs several, of one input and output each, and averages the outputs."""
    try:
        import onnx
        from onnx import compose, helper, numpy_helper
    except ImportError:
        raise MissingExtraError("train", "joining networks", "onnx") from None
    nodes: list[Any] = []
    constants: list[Any] = []
    outputs: list[str] = []
    models = [onnx.load_from_string(network) for network in networks]
    source, result = models[0].graph.input[0], models[0].graph.output[0]
    for number, model in enumerate(models):
        graph = compose.add_prefix_graph(model.graph, f"{number}_")
        for node in graph.node:
            node.input[:] = [
                source.name if name == graph.input[0].name else name for name in node.input
            ]
        nodes.extend(graph.node)
        constants.extend(graph.initializer)
        outputs.append(graph.output[0].name)
    share = numpy_helper.from_array(np.float32(1 / len(models)), "share")
    nodes.append(helper.make_node("Sum", outputs, ["sum"], name="sum"))
    nodes.append(helper.make_node("Mul", ["sum", "share"], [result.name], name="mean"))
    made = helper.make_model(
        helper.make_graph(nodes, "panodent", [source], [result], [*constants, share]),
        opset_imports=list(models[0].opset_import),
        ir_version=models[0].ir_version,
        producer_name="panodent",
    )
    onnx.checker.check_model(made, full_check=True)
    data: bytes = made.SerializeToString()
    return data
