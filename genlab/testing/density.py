"""The density that draws should follow: known exactly, or estimated by importance weights."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.assembly import Assembly
from genlab.testing.check import CannotRun
from genlab.testing.claims import needed
from genlab.testing.evidence import KnownDensity, KnownEvidence
from genlab.testing.subject import Subject

_NUM_WEIGHTS = 2_000
_FIRST_WEIGHTS = 50
"""With so few it is seen whether the many are worth their time."""
_LEAST_SHARE = 0.05
"""The least share of weights that must count."""


@dataclass(frozen=True)
class Density:
    """A density of x.

    Attributes:
        log_prob: from `(B, *X)` to nats, `(B,)`, and their standard errors, `(B,)`: 0 where it is exact.
        source: who says so, for messages.
    """

    log_prob: Callable[[Tensor], tuple[Tensor, Tensor]]
    source: str


def density_of(subject: Subject, assembly: Assembly) -> Density:
    """Return the density that a subject's sampler should draw from.

    Raises:
        CannotRun: when nobody knows it, and it cannot be estimated.
    """
    sampler, model = assembly.sampler, assembly.model
    if isinstance(sampler, KnownDensity):
        return _exact(lambda x: sampler.log_density(model, x), "the sampler's log_density")
    if isinstance(model, KnownEvidence):
        probe = subject.batch(assembly, 2).x
        needed(
            model.log_evidence(probe).shape == (2,),
            "the observations share latents, so the model's log_evidence is no density of one x; a sampler may offer "
            "log_density(model, x)",
        )
        return _exact(model.log_evidence, "the model's log_evidence")
    needed(
        assembly.data.spec.levels is not None,
        "neither has the sampler a method log_density, nor the model log_evidence, and x is real",
    )
    return Density(lambda x: _importance(subject, assembly, x), "the family's importance weights")


def _exact(log_prob: Callable[[Tensor], Tensor], source: str) -> Density:
    def with_errors(x: Tensor) -> tuple[Tensor, Tensor]:
        value = log_prob(x)
        return value, torch.zeros_like(value)

    return Density(with_errors, source)


@torch.no_grad()
def _importance(subject: Subject, assembly: Assembly, x: Tensor) -> tuple[Tensor, Tensor]:
    """Estimate log p(x) of each observation as the log of a mean of importance weights."""
    for num in (_FIRST_WEIGHTS, _NUM_WEIGHTS):
        log_weights = _log_weights(subject, assembly, x, num)
        effective = 1 / torch.softmax(log_weights, 0).square().sum(0)
        needed(
            bool((effective > _LEAST_SHARE * num).all()),
            f"p(x) cannot be estimated: of {num} importance weights only {effective.min().item():.0f} count",
        )
    return torch.logsumexp(log_weights, 0) - math.log(num), (1 / effective - 1 / num).sqrt()


def _log_weights(subject: Subject, assembly: Assembly, x: Tensor, num: int) -> Tensor:
    """Return log p(x, z) - log q(z given x) for draws of q, `(num, B)`."""
    posterior = assembly.family.posterior(x)
    z = posterior.sample(num, generator=subject.generator(assembly, 1))
    factors = [*assembly.model.log_joint(x, z).values(), *(-value for value in posterior.log_prob(z).values())]
    if any(value.ndim == 1 for value in factors):
        raise CannotRun("the observations share latents, so their joint has no density of one x")
    return torch.stack(factors).sum(0)
