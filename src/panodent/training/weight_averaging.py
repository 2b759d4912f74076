"""Averages the weights of several networks to one (Wortsman et al. 2022, arXiv:2203.05482)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from panodent.bundle import bundle
from panodent.bundle.bundle import Bundle
from panodent.errors import BundleError
from panodent.evaluation.evaluate import Evaluation
from panodent.training import transfer
from panodent.training.finalise import complete, export
from panodent.training.held_out import folder_name
from panodent.training.recipes import CONFIG_FILE
from panodent.training.run import Run, reopen
from panodent.training.unet import named


def average(
    run: Run, members: Sequence[str | Path], shares: Sequence[float] = ()
) -> tuple[Bundle, dict[str, Evaluation]]:
    """Writes RUN/bundle, RUN/panels and RUN/scores.json from the mean of the members' weights.

    `members` are bundles or training runs of one architecture and the same classes. All must come
    from a common start, or from one another: the mean of unrelated weights is useless. `shares`,
    each above 0, weight the members; without them all count equally. `run` gives the held-out
    radiographs for calibration and scores, and the folder to write to. The result is as fast as one
    member. Raises `BundleError` when members differ in kind, or when one was trained on radiographs
    that would score the mean.
    """
    if len(members) < 2:
        raise BundleError(f"{len(members)} given; a mean needs at least two bundles or runs")
    shares = list(shares) or [1.0] * len(members)
    if len(shares) != len(members) or not all(0 < share < np.inf for share in shares):
        raise BundleError(
            f"shares are {', '.join(map(str, shares))}; expected {len(members)} numbers above 0"
        )
    config = run.config
    for member in members:
        if (found := transfer.kind(member)[:2]) != (config.network, config.classes):
            raise BundleError(
                f"{member}: network {found[0]!r} for {len(found[1])} teeth; the run has "
                f"{config.network!r} for {len(config.classes)}, and all must agree"
            )
        _check_unseen(run, Path(member))
    models = [transfer.trained(member)[0] for member in members]
    weights = zip(*(model.get_weights() for model in models), strict=True)
    model = models[0]
    model.set_weights([np.average(same, axis=0, weights=shares) for same in weights])
    settings = named(config.network, classes=len(config.classes) + 1)
    frame = config.frame
    made = export(run, model, settings, {"height": frame.height, "width": frame.width})
    named_shares = [
        {**_named(member), "share": round(share / sum(shares), 4)}
        for member, share in zip(members, shares, strict=True)
    ]
    return complete(run, made, model, {"mean_of": named_shares}, members)


def _check_unseen(run: Run, member: Path) -> None:
    """Raises `BundleError` when a member was trained on a radiograph that would score the mean."""
    if (member / CONFIG_FILE).exists():
        held = {case.image.resolve() for case in run.validation}
        for case in reopen(member, run.report).training:
            if case.image.resolve() in held:
                raise BundleError(
                    f"{member}: was trained on {case.image}, which the first run held out; give "
                    "runs of one split"
                )


def _named(member: str | Path) -> dict[str, str]:
    """A member's folder name, and its network's SHA-256 if it is a bundle."""
    name = {"name": folder_name(str(member))}
    try:
        return {**name, "sha256": bundle.load(member).digest}
    except BundleError:
        return name
