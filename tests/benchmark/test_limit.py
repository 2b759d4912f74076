"""Multiply-adds counted from the graph, compared with the sizes of the layers."""

from __future__ import annotations

from panodent.benchmark.limit import measure, multiply_adds
from panodent.bundle import bundle


def by_hand(made: bundle.Bundle) -> int:
    """Of a network like the default one of `panodent.training.unet`, from its `UNetConfig`."""
    settings = made.architecture
    filters = settings["filters"]
    rows, cols = (side // settings["stem"] for side in made.frame.size)
    total = rows * cols * filters[0] * 16  # the stem: 4 x 4 of one plane
    places = [rows * cols // 4**level for level in range(len(filters))]
    for level, own in enumerate(filters):
        extra = settings["encoder_convolutions"] - 1
        if level:
            total += places[level] * 9 * filters[level - 1] * own
        total += extra * places[level] * 9 * own * own
    for level in range(len(filters) - 2, -1, -1):
        own = filters[level]
        total += places[level + 1] * filters[level + 1] * own  # 1 x 1, then enlarged
        total += settings["decoder_convolutions"] * places[level] * 9 * own * own
    planes = settings["classes"] + 2 * bool(settings.get("offsets"))
    return total + places[0] * filters[0] * planes


def test_multiply_adds_are_those_of_the_layers() -> None:
    made = bundle.load()
    assert multiply_adds(made) == by_hand(made)


def test_the_network_is_compared_with_a_matrix_product(small_matrices: None) -> None:
    found = measure(bundle.load(), 5)  # of which a busy machine may disturb two
    # Both are rounded: to a tenth and to a hundredth.
    least, most = (2 * found.multiply_adds / (found.gflops + off) / 1e6 for off in (0.05, -0.05))
    assert least - 0.005 <= found.milliseconds <= most + 0.005
    assert found.ratio.median > 0.3
    assert found.network.median > 0
