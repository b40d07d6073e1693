"""Laws of what a posterior says for people: of each observation, and of the latents that all share."""

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from genlab.assembly import Assembly
from genlab.interfaces import LatentSummary
from genlab.testing.check import check
from genlab.testing.claims import claim, claim_close, claim_finite, needed
from genlab.testing.subject import Subject

_INTERVALS = (0.5, 0.9, 0.99)
_ROUNDING = 1e-6


@check("family")
def each_observation_has_its_own_description(subject: Subject) -> None:
    """`Posterior.describe` has a finite value, or a row of them, for each observation, the same in whatever batch.

    It runs where a posterior says anything. A column of another length is often a tensor that has its axes swapped.
    """
    assembly = subject.assembly()
    x = subject.batch(assembly, 4).x
    whole = _described(assembly, x)
    needed(bool(whole), "the posterior says nothing of an observation")
    for name, column in whole.items():
        shape = tuple(column.shape)
        claim(len(shape) in (1, 2) and shape[0] == 4, f"column {name!r} must have shape (4,) or (4, k), got {shape}")
        claim_finite(column, f"column {name!r}")
    parts = [_described(assembly, part) for part in (x[:1], x[1:])]
    for name, column in whole.items():
        pieces = torch.cat([part[name] for part in parts])
        claim_close(pieces, column, f"column {name!r} of observations described one by one")


@check("family")
def credible_intervals_can_be_true(subject: Subject) -> None:
    """Summaries have names of their own, and intervals that some law of that mean and standard deviation has.

    Intervals of a larger probability hold those of a smaller, and by Cantelli's inequality no quantile is further from
    the mean than its probability allows: a logarithm in the place of a number, or a mean of another scale than its
    interval, breaks that, and a standard deviation that is a little off does not. It runs where the family describes
    shared latents.
    """
    assembly = subject.assembly()
    with torch.no_grad():
        said = [assembly.family.describe(interval, assembly.data.truth) for interval in _INTERVALS]
    needed(bool(said[0]), "the family says nothing of shared latents")
    names = [summary.name for summary in said[0]]
    claim(len(set(names)) == len(names), f"every summary must have a name of its own, got {names}")
    for interval, summaries in zip(_INTERVALS, said, strict=True):
        for summary in summaries:
            _claim_possible(summary, interval)
    for narrow, wide in itertools.pairwise(said):
        _claim_nested(narrow, wide)


def _described(assembly: Assembly, x: Tensor) -> dict[str, Tensor]:
    with torch.no_grad():
        return assembly.family.posterior(x).describe()


def _claim_possible(summary: LatentSummary, interval: float) -> None:
    tail = (1 - interval) / 2
    far, near = math.sqrt((1 - tail) / tail) * summary.std, math.sqrt(tail / (1 - tail)) * summary.std
    slack = _ROUNDING * (1 + abs(summary.mean) + far)
    bounds = {
        "low": (summary.low, summary.mean - far, summary.mean + near),
        "high": (summary.high, summary.mean - near, summary.mean + far),
    }
    claim(summary.std >= 0, f"the standard deviation of {summary.name} must be at least 0, got {summary.std}")
    for name, (value, least, most) in bounds.items():
        claim(
            least - slack <= value <= most + slack,
            f"the {name} end of the {interval:.0%} interval of {summary.name} must be from {least:.6g} to {most:.6g} "
            f"with a mean of {summary.mean:.6g} and a standard deviation of {summary.std:.6g}, got {value:.6g}",
        )


def _claim_nested(narrow: Sequence[LatentSummary], wide: Sequence[LatentSummary]) -> None:
    for inner, outer in zip(narrow, wide, strict=True):
        claim(
            outer.low <= inner.low <= inner.high <= outer.high,
            f"intervals of {inner.name} must widen with their probability, got {inner.low:.6g} to {inner.high:.6g} "
            f"inside {outer.low:.6g} to {outer.high:.6g}",
        )
