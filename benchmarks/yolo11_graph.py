"""Builds an ONNX graph of YOLO11-seg's published architecture with random weights, for timing only.

Reconstructed from the public description of the network: widths, depths and blocks (C3k2, SPPF,
C2PSA, a segmentation head with 32 prototypes). Uses no code or weights of its authors.
`python yolo11_graph.py` prints its parameters and operations and the published ones.
"""

from __future__ import annotations

import math

import numpy as np
from onnx import TensorProto, helper, numpy_helper

WIDTHS = {"n": 0.25, "s": 0.5}
PUBLISHED = {"n": (2.9, 10.4), "s": (10.1, 35.5)}
"""Million parameters and GFLOPs at 640 x 640 with 80 classes."""
STRIDES = (8, 16, 32)
BINS, PROTOTYPES = 16, 32


class Graph:
    """A graph under construction; methods add nodes and return the name of the output tensor.

    `shape` holds (channels, side) of each tensor; `parameters` and `multiply_adds` are counted.
    """

    def __init__(self, scale: str, classes: int, side: int) -> None:
        self.width, self.classes, self.side = WIDTHS[scale], classes, side
        self.nodes, self.constants = [], []
        self.shape = {"image": (3, side)}
        self.parameters = self.multiply_adds = 0
        self.random = np.random.default_rng(0)

    def channels(self, base: int) -> int:
        return int(base * self.width)

    def node(self, kind: str, inputs: list[str], shape: tuple[int, int], **attributes) -> str:
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        self.shape[name] = shape
        return name

    def constant(self, value: np.ndarray) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    # --- layers --------------------------------------------------------------------------------

    def conv(
        self, x: str, out: int, kernel: int = 1, stride: int = 1, groups: int = 1, act: bool = True
    ) -> str:
        """Convolution with folded batch norm, then SiLU (as Sigmoid and Mul) where `act`."""
        channels, side = self.shape[x]
        side = -(-side // stride)
        fan = channels // groups * kernel * kernel
        weights = self.random.normal(
            0, math.sqrt(2 / fan), (out, channels // groups, kernel, kernel)
        )
        self.parameters += weights.size + out
        self.multiply_adds += weights.size * side * side
        inputs = [
            x,
            self.constant(weights.astype(np.float32)),
            self.constant(np.zeros(out, np.float32)),
        ]
        y = self.node(
            "Conv", inputs, (out, side), pads=[kernel // 2] * 4, strides=[stride] * 2, group=groups
        )
        return self.silu(y) if act else y

    def silu(self, x: str) -> str:
        return self.node("Mul", [x, self.node("Sigmoid", [x], self.shape[x])], self.shape[x])

    def add(self, x: str, y: str) -> str:
        return self.node("Add", [x, y], self.shape[x])

    def concat(self, parts: list[str]) -> str:
        channels = sum(self.shape[part][0] for part in parts)
        return self.node("Concat", parts, (channels, self.shape[parts[0]][1]), axis=1)

    def halves(self, x: str) -> tuple[str, str]:
        channels, side = self.shape[x]
        names = [f"half_{len(self.nodes)}_{i}" for i in range(2)]
        sizes = self.constant(np.array([channels // 2] * 2, np.int64))
        self.nodes.append(helper.make_node("Split", [x, sizes], names, axis=1))
        for name in names:
            self.shape[name] = (channels // 2, side)
        return names[0], names[1]

    def up(self, x: str) -> str:
        channels, side = self.shape[x]
        scales = self.constant(np.array([1, 1, 2, 2], np.float32))
        return self.node(
            "Resize",
            [x, "", scales],
            (channels, 2 * side),
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )

    def reshape(self, x: str, *shape: int) -> str:
        return self.node("Reshape", [x, self.constant(np.array(shape, np.int64))], self.shape[x])

    # --- blocks --------------------------------------------------------------------------------

    def bottleneck(self, x: str, hidden: int) -> str:
        channels = self.shape[x][0]
        return self.add(x, self.conv(self.conv(x, hidden, 3), channels, 3))

    def c3k(self, x: str) -> str:
        channels = self.shape[x][0]
        first, second = self.conv(x, channels // 2), self.conv(x, channels // 2)
        for _ in range(2):
            first = self.bottleneck(first, channels // 2)
        return self.conv(self.concat([first, second]), channels)

    def c3k2(self, x: str, out: int, deep: bool, share: float = 0.5) -> str:
        hidden = int(out * share)
        first, second = self.halves(self.conv(x, 2 * hidden))
        third = self.c3k(second) if deep else self.bottleneck(second, hidden // 2)
        return self.conv(self.concat([first, second, third]), out)

    def sppf(self, x: str) -> str:
        channels = self.shape[x][0]
        parts = [self.conv(x, channels // 2)]
        for _ in range(3):
            parts.append(
                self.node(
                    "MaxPool",
                    [parts[-1]],
                    self.shape[parts[0]],
                    kernel_shape=[5, 5],
                    pads=[2] * 4,
                    strides=[1, 1],
                )
            )
        return self.conv(self.concat(parts), channels)

    def c2psa(self, x: str) -> str:
        channels = self.shape[x][0]
        first, second = self.halves(self.conv(x, channels))
        second = self.add(second, self.attention(second))
        wide = self.conv(second, channels)
        second = self.add(second, self.conv(wide, channels // 2, act=False))
        return self.conv(self.concat([first, second]), channels)

    def attention(self, x: str) -> str:
        channels, side = self.shape[x]
        heads, places = channels // 64, side * side
        every = self.reshape(self.conv(x, 2 * channels, act=False), 1, heads, 128, places)
        names = [f"{part}_{len(self.nodes)}" for part in ("query", "key", "value")]
        sizes = self.constant(np.array([32, 32, 64], np.int64))
        self.nodes.append(helper.make_node("Split", [every, sizes], names, axis=2))
        query, key, value = names
        turned = self.node("Transpose", [query], (0, 0), perm=[0, 1, 3, 2])
        product = self.node("MatMul", [turned, key], (0, 0))
        scaled = self.node("Mul", [product, self.constant(np.float32(32**-0.5))], (0, 0))
        weights = self.node("Softmax", [scaled], (0, 0), axis=-1)
        weights = self.node("Transpose", [weights], (0, 0), perm=[0, 1, 3, 2])
        mixed = self.node("MatMul", [value, weights], (channels, side))
        self.multiply_adds += heads * places * places * (32 + 64)
        mixed = self.reshape(mixed, 1, channels, side, side)
        self.shape[value] = (channels, side)
        place = self.conv(
            self.reshape(value, 1, channels, side, side), channels, 3, 1, channels, False
        )
        return self.conv(self.add(mixed, place), channels, act=False)

    # --- network -------------------------------------------------------------------------------

    def levels(self) -> list[str]:
        """Backbone and neck: feature maps of strides 8, 16 and 32."""
        c = self.channels
        x = self.conv(self.conv("image", c(64), 3, 2), c(128), 3, 2)
        x = self.c3k2(x, c(256), False, 0.25)
        p3 = self.c3k2(self.conv(x, c(256), 3, 2), c(512), False, 0.25)
        p4 = self.c3k2(self.conv(p3, c(512), 3, 2), c(512), True)
        x = self.c3k2(self.conv(p4, c(1024), 3, 2), c(1024), True)
        p5 = self.c2psa(self.sppf(x))
        middle = self.c3k2(self.concat([self.up(p5), p4]), c(512), False)
        fine = self.c3k2(self.concat([self.up(middle), p3]), c(256), False)
        x = self.concat([self.conv(fine, c(256), 3, 2), middle])
        middle = self.c3k2(x, c(512), False)
        coarse = self.c3k2(self.concat([self.conv(middle, c(512), 3, 2), p5]), c(1024), True)
        return [fine, middle, coarse]

    def head(self, levels: list[str]) -> None:
        """Boxes (4 x 16 bins), classes and mask coefficients at each place, and the prototypes."""
        first = self.shape[levels[0]][0]
        box = max(16, first // 4, 4 * BINS)
        name, mask = max(first, min(self.classes, 100)), max(first // 4, PROTOTYPES)
        rows = []
        for x in levels:
            channels, side = self.shape[x]
            boxes = self.conv(self.conv(self.conv(x, box, 3), box, 3), 4 * BINS, act=False)
            y = self.conv(self.conv(x, channels, 3, 1, channels), name)
            y = self.conv(self.conv(y, name, 3, 1, name), name)
            classes = self.node(
                "Sigmoid", [self.conv(y, self.classes, act=False)], (self.classes, side)
            )
            masks = self.conv(self.conv(self.conv(x, mask, 3), mask, 3), PROTOTYPES, act=False)
            joined = self.concat([boxes, classes, masks])
            rows.append(self.reshape(joined, 1, self.shape[joined][0], side * side))
        self.nodes.append(helper.make_node("Concat", rows, ["places"], axis=2))
        self.prototypes(levels[0])

    def prototypes(self, x: str) -> None:
        wide = self.channels(256)
        x = self.conv(x, wide, 3)
        side = self.shape[x][1]
        weights = self.random.normal(0, wide**-0.5, (wide, wide, 2, 2)).astype(np.float32)
        self.parameters += weights.size + wide
        self.multiply_adds += weights.size * side * side
        inputs = [x, self.constant(weights), self.constant(np.zeros(wide, np.float32))]
        x = self.node("ConvTranspose", inputs, (wide, 2 * side), strides=[2, 2])
        x = self.conv(self.conv(x, wide, 3), PROTOTYPES)
        self.nodes.append(helper.make_node("Identity", [x], ["prototypes"]))


def build(scale: str, classes: int = 32, side: int = 640) -> tuple[bytes, Graph]:
    """The network as ONNX bytes, and its graph.

    Input (1, 3, side, side) float32; outputs `places` (1, planes, n) and `prototypes`
    (1, 32, side / 4, side / 4). The planes of a place are 4 x 16 bins of its box, a score for each
    class and 32 mask coefficients.
    """
    graph = Graph(scale, classes, side)
    graph.head(graph.levels())
    places = sum((side // stride) ** 2 for stride in STRIDES)
    planes = 4 * BINS + classes + PROTOTYPES
    made = helper.make_graph(
        graph.nodes,
        f"yolo11{scale}-seg-shaped",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, side, side])],
        [
            helper.make_tensor_value_info("places", TensorProto.FLOAT, [1, planes, places]),
            helper.make_tensor_value_info(
                "prototypes", TensorProto.FLOAT, [1, PROTOTYPES, side // 4, side // 4]
            ),
        ],
        graph.constants,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString(), graph


if __name__ == "__main__":
    for scale, (parameters, gflops) in PUBLISHED.items():
        _, graph = build(scale, 80)
        print(
            f"yolo11{scale}-seg: {graph.parameters / 1e6:.2f} M parameters "
            f"(published {parameters}), {2 * graph.multiply_adds / 1e9:.1f} GFLOPs "
            f"(published {gflops})"
        )
