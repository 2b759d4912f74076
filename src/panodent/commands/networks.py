"""Bundles joined or quantised, networks drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from panodent.cli.console import say
from panodent.commands.arguments import parse_size
from panodent.commands.extras import need_keras


def ensemble(members: Sequence[Path], output: Path) -> int:
    """Joins bundles into one."""
    from panodent.bundle import bundle
    from panodent.bundle.ensemble import ensemble as join

    made = join([bundle.load(member) for member in members])
    bundle.save(made, output)
    megabytes = len(made.network) / 1e6
    say(f"bundle {output}: {len(members)} networks, {megabytes:.1f} MB")
    return 0


def quantise(paths: Sequence[str], output: Path, bundle: str, count: int) -> int:
    """Quantises a bundle on evenly chosen radiographs."""
    from panodent.bundle.bundle import load, save
    from panodent.bundle.quantise import quantise as run
    from panodent.radiograph.discovery import collect
    from panodent.radiograph.radiograph import read

    files = [item.path for item in collect(paths) if not item.problem]
    chosen = files[:: max(len(files) // count, 1)][:count]
    made = run(load(bundle), [read(file).pixels for file in chosen])
    save(made, output)
    note = made.provenance["quantised"]
    say(
        f"bundle {output}: {len(made.network) / 1e6:.1f} MB, ranges from {len(chosen)} "
        f"radiographs, the same tooth in {note['agreement']:.1%} of tooth pixels"
    )
    return 0


def unet(network: str, size: str, summary: bool, output: Path) -> int:
    """Prints a network and draws it."""
    need_keras()
    from panodent.training.diagram import draw
    from panodent.training.unet import build, named
    from panodent.utils.atomic_files import write_whole

    config = named(network)
    model = build(config, parse_size(size))
    if summary:
        model.summary(line_length=110, print_fn=say)
    write_whole(output, draw(model, network))
    say(f"{network}: {model.count_params():,} parameters; picture in {output}")
    return 0
