"""Averages the weights of networks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from panodent.bundle import bundle
from panodent.bundle.bundle import Bundle
from panodent.errors import BundleError
from panodent.evaluation.evaluate import Evaluation
from panodent.training import transfer
from panodent.training.finish import completed, exported
from panodent.training.held_out import folder_name
from panodent.training.recipes import CONFIG_FILE
from panodent.training.run import Run, reopen
from panodent.training.unet import named


def average(
    run: Run, members: Sequence[str | Path], shares: Sequence[float] = ()
) -> tuple[Bundle, dict[str, Evaluation]]:
    """Writes RUN/bundle, RUN/panels and RUN/scores.json from the mean of the members' weights.

    `members` are bundles or training runs of one network and classes, of which all but one were
    trained from another or from a common start: the mean of unrelated weights is no network.
    `shares`, above 0, say how much each counts; left out, all count alike.
    `run` says whose held-out radiographs calibrate and score it, and where it is written.
    It costs no more than one of them; see Wortsman et al. 2022, arXiv:2203.05482. Raises
    `BundleError` when they do not go together, or one was trained on what is to score them.
    """
    if len(members) < 2:
        raise BundleError("a mean needs at least two bundles or runs")
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
                f"{config.network!r} for {len(config.classes)}, and all must be of one kind"
            )
        _check_unseen(run, Path(member))
    models = [transfer.trained(member)[0] for member in members]
    weights = zip(*(model.get_weights() for model in models), strict=True)
    model = models[0]
    model.set_weights([np.average(same, axis=0, weights=shares) for same in weights])
    settings = named(config.network, classes=len(config.classes) + 1)
    frame = config.frame
    made = exported(run, model, settings, {"height": frame.height, "width": frame.width})
    named_shares = [
        {**_named(member), "share": round(share / sum(shares), 4)}
        for member, share in zip(members, shares, strict=True)
    ]
    return completed(run, made, model, {"mean_of": named_shares})


def _check_unseen(run: Run, member: Path) -> None:
    """Raises `BundleError` where a member run learnt from what is to score the mean."""
    if (member / CONFIG_FILE).exists():
        held = {case.image.resolve() for case in run.validation}
        for case in reopen(member, run.report).training:
            if case.image.resolve() in held:
                raise BundleError(
                    f"{member}: was trained on {case.image}, which the first run held out; give "
                    "runs of one split"
                )


def _named(member: str | Path) -> dict[str, str]:
    """A member's folder, and the digest of its network where it is a bundle."""
    name = {"name": folder_name(str(member))}
    try:
        return {**name, "sha256": bundle.load(member).digest}
    except BundleError:
        return name
