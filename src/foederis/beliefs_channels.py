"""Why trust moved: the change of log odds by channel, exactly, and the change of a share with the interaction shown.

Log odds are additive (B4), so each act's part goes to the channels of its harm (`acts_rules`), what its alternatives
tell goes to its main channel, and the sum is the whole. Two channels are not acts: `turnover`, what a change of leader
moved, and `others`, what the treatment of other countries added. A share (a belief, a poll) is not linear in log odds:
there each channel is shown as if it had come alone, and `interaction` is the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from foederis.acts import CHANNELS
from foederis.acts_arrays import ActArrays
from foederis.beliefs import Path, Rival, heard, learn
from foederis.beliefs_equations import weighted_evidence

__all__ = ["WHOLE", "Split", "act_parts", "by_channel", "split"]

Array = Any
WHOLE: tuple[str, ...] = (*CHANNELS, "turnover", "others")


@dataclass(frozen=True)
class Split:
    """A change taken apart: `before` and `after`, the part of each channel alone, and the interaction.

    `after - before = sum of parts + interaction`, in every draw.
    """

    before: Float[Array, " draw"]
    after: Float[Array, " draw"]
    parts: Mapping[str, Float[Array, " draw"]]
    interaction: Float[Array, " draw"]


def act_parts(arrays: ActArrays, p: Mapping[str, Array], rival: Rival = "bayes") -> Float[Array, "draw act channel"]:
    """Log odds that each act adds, by channel: harm by channel times lambda (w_X - w_P), and, in the main channel, what
    the alternatives tell; the sum over channels is the summand of B4.
    """
    ell = learn(arrays, p, rival)
    weight = p["lambda_U"] * (p["w_X"] - p["w_P"])
    direct = heard(arrays, rival)[:, None] * weight[:, None, None] * arrays.channel_harm
    context = ell - direct.sum(axis=2)
    raw = direct + context[:, :, None] * arrays.channel_main
    factor = weighted_evidence(p["kappa_sign"], arrays.zeta, np.where(ell < 0.0, -1.0, 1.0))
    return raw * np.abs(factor)[:, :, None]


def by_channel(
    arrays: ActArrays,
    p: Mapping[str, Array],
    path: Path,
    country: str,
    start: int = 0,
    end: int | None = None,
    rival: Rival = "bayes",
) -> dict[str, Float[Array, " draw"]]:
    """The change of log odds of one observer, by channel, from before quarter `start` to after `end` (the last)."""
    c = arrays.observers.index(country)
    last = (len(arrays.quarters) if end is None else end + 1) - 1
    window = slice(start, last + 1)
    seen = arrays.seen[window, c].sum(axis=0)
    made = np.flatnonzero(seen)
    parts = np.einsum("dac,a->dc", act_parts(arrays, p, rival)[:, made], seen[made])
    found = {name: parts[:, k] for k, name in enumerate(CHANNELS)}
    found["turnover"] = path.reset[window, :, c].sum(axis=0)
    found["others"] = path.watched[window, :, c].sum(axis=0)
    return found


def split(
    share: Callable[[Float[Array, " draw"]], Float[Array, " draw"]],
    start: Float[Array, " draw"],
    parts: Mapping[str, Float[Array, " draw"]],
    groups: Mapping[str, Sequence[str]] | None = None,
) -> Split:
    """Take the change of `share(x)` apart when `x` moves from `start` by the sum of `parts`.

    `groups` joins channels under one name before they are shown. Parts are what each does alone; the interaction is
    what is left, and it is large when several channels push a share that is close to 0 or 1.
    """
    joined = dict(parts)
    if groups is not None:
        joined = {name: sum((parts[m] for m in members), np.zeros_like(start)) for name, members in groups.items()}
    before, after = share(start), share(start + sum(parts.values(), np.zeros_like(start)))
    alone = {name: share(start + value) - before for name, value in joined.items()}
    interaction = after - before - sum(alone.values(), np.zeros_like(start))
    return Split(before, after, alone, interaction)
