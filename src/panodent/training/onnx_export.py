"""Exports a trained Keras network to ONNX.

The graph is built layer by layer from the model's configuration and weights, so it does not depend
on the Keras backend. Channels come first, without transposes; batch norms are folded into their
convolutions; a final softmax is left out, since decoding needs logits. `differences` compares the
result with Keras.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.bundle.findings_network import SIDES
from panodent.errors import BundleError, MissingExtraError
from panodent.inference.softmax import softmax
from panodent.utils.arrays import Float32Array

OPSET = 17
INPUT, OUTPUT = "radiograph", "logits"
ANSWER_SIDES = ("rows", "columns")
"""Names of the output's sides where those of the input are not fixed."""
TOLERANCE = 0.05
"""Largest difference of a logit between Keras and the exported network that rounding explains.

Kernels are stored in half precision, which moves logits (some tens wide) by about a hundredth.
"""
HALF_FROM = 4096
"""Kernels of this many weights or more are stored in half precision; the runtime widens them."""


@dataclass
class _Graph:
    """Nodes and constants of the ONNX graph under construction."""

    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, npt.NDArray[Any]] = field(default_factory=dict)

    def add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def constant(self, name: str, value: npt.ArrayLike) -> str:
        self.constants[name] = np.asarray(value)
        return name

    def kernel(self, name: str, value: Float32Array) -> str:
        """A constant, in half precision if it is large: half the file, no measurable loss."""
        if value.size < HALF_FROM:
            return self.constant(name, value)
        from onnx import TensorProto

        stored = self.constant(f"{name}_half", value.astype(np.float16))
        return self.add("Cast", [stored], name, to=TensorProto.FLOAT)


def to_onnx(model: Any, size: tuple[int, int], open_sides: bool = False) -> bytes:
    """The network as ONNX: float32 (batch, channels, height, width) -> (batch, planes, h, w).

    `model` is a functional Keras network made by `panodent.training.unet.build`, `size` the frame's
    (height, width). With `open_sides` the network also takes other sizes, multiples of the
    network's divisor. Raises `BundleError` for a layer that has no translation.
    """
    try:
        import onnx
        from onnx import TensorProto, helper, numpy_helper
    except ImportError:
        raise MissingExtraError("train", "exporting a network", "onnx") from None

    graph = _Graph()
    layers = model.get_config()["layers"]
    names = _chain(graph, model, layers)
    last = layers[-1]["config"]["name"]
    graph.nodes[-1].output[0] = OUTPUT
    if names[last] != graph.nodes[-1].name:
        raise BundleError(f"the network does not end in its last layer {last!r}")
    sides: Sequence[int | str] = SIDES if open_sides else size
    divided: Sequence[int | str] = ANSWER_SIDES if open_sides else _divided(model, size)
    classes = int(model.output_shape[-1])
    made = helper.make_graph(
        graph.nodes,
        "panodent",
        [
            helper.make_tensor_value_info(
                INPUT, TensorProto.FLOAT, ["batch", int(model.input_shape[-1]), *sides]
            )
        ],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", classes, *divided])],
        [numpy_helper.from_array(value, name) for name, value in graph.constants.items()],
    )
    result = helper.make_model(
        made,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
        producer_name="panodent",
    )
    onnx.checker.check_model(result, full_check=True)
    data: bytes = result.SerializeToString()
    return data


def differences(network: bytes, model: Any, images: Float32Array) -> float:
    """Largest difference of any logit between the exported network and Keras.

    `images` is float32 (n, height, width, 1), inputs of the network. A network that ends in a
    softmax is compared by its probabilities.
    """
    import onnxruntime

    from panodent.training.backend import keras
    from panodent.training.precision import exact_products

    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    ends_in_softmax = _activation(model.layers[-1].get_config()) == "softmax"
    # Called once; `predict_on_batch` would compile the network first.
    with exact_products():
        answer = keras.ops.convert_to_numpy(model(images, training=False))
    expected = np.moveaxis(answer, -1, 1)
    found = session.run(None, {INPUT: np.moveaxis(images, -1, 1)})[0]
    if ends_in_softmax:
        found = softmax(found, axis=1)
    return float(np.abs(found - expected).max())


# --- layers ------------------------------------------------------------------------------------


def _chain(graph: _Graph, model: Any, layers: list[dict[str, Any]]) -> dict[str, str]:
    """Adds every layer; returns the ONNX name of each layer's output."""
    followers: dict[str, list[str]] = {}
    sources: dict[str, list[str]] = {}
    kinds = {layer["config"]["name"]: layer["class_name"] for layer in layers}
    for layer in layers:
        name = layer["config"]["name"]
        sources[name] = _inputs(layer)
        for source in sources[name]:
            followers.setdefault(source, []).append(name)
    outputs: dict[str, str] = {}
    for layer in layers:
        name, kind, config = layer["config"]["name"], layer["class_name"], layer["config"]
        inputs = [outputs[source] for source in sources[name]]
        if kind == "InputLayer":
            outputs[name] = INPUT
        elif kind in ("Conv2D", "Conv2DTranspose"):
            after = followers.get(name, [])
            norm = after[0] if len(after) == 1 and kinds[after[0]] == "BatchNormalization" else None
            outputs[name] = _convolution(graph, model, config, inputs[0], kind, norm)
        elif kind == "BatchNormalization" and kinds[sources[name][0]] == "Conv2D":
            outputs[name] = inputs[0]  # folded into the convolution
        elif kind in _SIMPLE:
            outputs[name] = _SIMPLE[kind](graph, config, inputs)
        else:
            raise BundleError(f"layer {name!r} ({kind}) has no translation to ONNX")
    return outputs


def _inputs(layer: dict[str, Any]) -> list[str]:
    """Names of the layers that feed this one, from Keras's serialised inbound nodes."""
    if not layer["inbound_nodes"]:
        return []
    first = layer["inbound_nodes"][0]["args"][0]
    tensors = first if isinstance(first, (list, tuple)) else [first]
    return [tensor["config"]["keras_history"][0] for tensor in tensors]


def _convolution(
    graph: _Graph, model: Any, config: dict[str, Any], source: str, kind: str, norm: str | None
) -> str:
    """Adds a convolution, with the batch norm `norm` folded in and its activation; its output."""
    name = config["name"]
    weights = [np.asarray(w, np.float32) for w in model.get_layer(name).get_weights()]
    kernel = weights[0]  # (rows, columns, in, out); transposed: (rows, columns, out, in)
    outputs = kernel.shape[3] if kind == "Conv2D" else kernel.shape[2]
    bias = weights[1] if config["use_bias"] else np.zeros(outputs, np.float32)
    if norm is not None:
        kernel, bias = _folded(kernel, bias, model.get_layer(norm))
    kernel = kernel.transpose(3, 2, 0, 1)
    pads = _same_padding(config["kernel_size"], config["strides"])
    inputs = [
        source,
        graph.kernel(f"{name}_kernel", np.ascontiguousarray(kernel)),
        graph.constant(f"{name}_bias", bias),
    ]
    attributes = {"strides": list(config["strides"])}
    if kind == "Conv2D":
        result = graph.add("Conv", inputs, name, pads=pads, **attributes)
    else:
        if tuple(config["kernel_size"]) != tuple(config["strides"]):
            raise BundleError(f"layer {name!r}: kernel and stride of an enlargement must be equal")
        result = graph.add("ConvTranspose", inputs, name, **attributes)
    activation = _activation(config)
    if activation == "relu":
        return graph.add("Relu", [result], f"{name}_relu")
    if activation not in ("linear", "softmax"):  # a final softmax is left out, see above
        raise BundleError(f"layer {name!r}: activation {activation!r} has no translation to ONNX")
    return result


def _folded(
    kernel: Float32Array, bias: Float32Array, norm: Any
) -> tuple[Float32Array, Float32Array]:
    """Kernel and bias of a convolution followed by a batch norm, as one convolution."""
    gamma, beta, mean, variance = (np.asarray(w, np.float64) for w in norm.get_weights())
    scale = gamma / np.sqrt(variance + norm.epsilon)
    return (kernel * scale).astype(np.float32), ((bias - mean) * scale + beta).astype(np.float32)


def _same_padding(kernel: tuple[int, int], strides: tuple[int, int]) -> list[int]:
    """Keras's "same" padding where the stride divides the sides; the end gets odd pixels."""
    total = [max(k - s, 0) for k, s in zip(kernel, strides, strict=True)]
    before = [t // 2 for t in total]
    return [*before, *(t - b for t, b in zip(total, before, strict=True))]


def _activation(config: dict[str, Any]) -> str:
    value = config.get("activation", "linear") or "linear"
    return value if isinstance(value, str) else str(value["config"])


def _enlarged(graph: _Graph, config: dict[str, Any], inputs: list[str]) -> str:
    """Adds an enlargement by nearest neighbour."""
    if config["interpolation"] != "nearest":
        raise BundleError(f"layer {config['name']!r}: only nearest enlargement is translated")
    scales = np.array([1, 1, *config["size"]], np.float32)
    name = config["name"]
    return graph.add(
        "Resize",
        [inputs[0], "", graph.constant(f"{name}_scales", scales)],
        name,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


_SIMPLE = {
    "ReLU": lambda g, c, i: g.add("Relu", i, c["name"]),
    "Add": lambda g, c, i: g.add("Add", i, c["name"]),
    "Concatenate": lambda g, c, i: g.add("Concat", i, c["name"], axis=1),
    "MaxPooling2D": lambda g, c, i: g.add(
        "MaxPool", i, c["name"], kernel_shape=list(c["pool_size"]), strides=list(c["strides"])
    ),
    "UpSampling2D": _enlarged,
    "SpatialDropout2D": lambda g, c, i: i[0],  # does nothing at inference
}


def _divided(model: Any, size: tuple[int, int]) -> tuple[int, int]:
    """(rows, columns) of the answer to an input of this (height, width)."""
    shape = model.compute_output_shape((1, *size, 1))
    return int(shape[1]), int(shape[2])
