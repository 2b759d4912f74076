"""What the shape and place of each tooth tell: erupted, impacted, a root remnant.

>>> import numpy as np
>>> teeth = Teeth.from_masks((60, 40), [(36, np.ones((40, 10), bool), (5, 5))])
>>> tooth_attributes(teeth)
(ToothAttributes(erupted=True, remnant=False, impaction=None),)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from panodent.analysis.arch_levels import arch_levels
from panodent.analysis.dentition_stage import erupted
from panodent.analysis.impaction import Impaction, impactions, lower_germs
from panodent.analysis.root_remnants import root_remnants
from panodent.analysis.tooth_extents import tooth_extents
from panodent.dentition import TEETH
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.memoized import memoized


@dataclass(frozen=True)
class ToothAttributes:
    """What one tooth is like.

    Parameters
    ----------
    erupted : whether its crown reaches about the height of its neighbours', see
        `panodent.analysis.dentition_stage`; True for remnants, which once did, and False for
        lower third molars that still grow, which may lie as high.
    remnant : whether only its root is left, see `panodent.analysis.root_remnants`.
    impaction : how it lies if it is impacted, see `panodent.analysis.impaction`.
    """

    erupted: bool
    remnant: bool = False
    impaction: Impaction | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as in teeth.json."""
        impaction = None if self.impaction is None else asdict(self.impaction)
        return {"erupted": self.erupted, "remnant": self.remnant, "impaction": impaction}

    @property
    def words(self) -> tuple[str, ...]:
        """For a report; nothing for a whole, erupted tooth.

        >>> ToothAttributes(False).words
        ('unerupted',)
        """
        if self.remnant:
            return ("root remnant",)
        if self.impaction is not None:
            return (self.impaction.words,)
        return () if self.erupted else ("unerupted",)


@memoized
def tooth_attributes(teeth: Teeth) -> tuple[ToothAttributes, ...]:
    """The attributes of each tooth, in the order of the record."""
    out = erupted(teeth)
    extents, standing = tooth_extents(teeth, out), out.tolist()
    levels = arch_levels(extents, standing)
    germs = lower_germs(extents, standing)
    remnants = set() if _growing(teeth) else root_remnants(extents, levels)
    impacted: Mapping[int, Impaction] = impactions(extents, standing, levels, remnants)
    return tuple(
        ToothAttributes(
            (is_out and index not in germs) or index in remnants,
            index in remnants,
            impacted.get(index),
        )
        for index, is_out in enumerate(standing)
    )


def _growing(teeth: Teeth) -> bool:
    """Whether a deciduous tooth was found."""
    return any(fdi != UNNUMBERED and TEETH[fdi].deciduous for fdi in teeth.fdi.tolist())
