"""The objectives that ship: minus the likelihood, plus

    bound        KL
    beta         beta KL
    warm-up      beta min(1, (step + 1) / steps) KL
    free-bits    sum_g max(nats, mean over the batch of KL_g)

All but the first are surrogates: their value is no bound where the divergence counts less than once.

Reference: Higgins et al. 2017, eq. 4; Bowman et al. 2016, section 3.1, and Sonderby et al. 2016, section 2.3 (warm-up);
Kingma et al. 2016, eq. 15 (free bits).
"""

from typing import ClassVar

import torch
from torch import Tensor

from genlab.interfaces.constraints import NonNegativeFloat, PositiveFloat, PositiveInt
from genlab_vae.objective import Objective


class Bound(Objective):
    """Minimise the negative bound."""

    surrogate: ClassVar[str | None] = None

    def divergence_cost(self, kl: Tensor, step: int | None) -> Tensor:
        """Return the divergence itself."""
        return kl.sum(1).mean()


class Beta(Objective):
    """Weigh the divergence: above 1 latents are pressed towards the prior, below 1 they may tell more."""

    surrogate: ClassVar[str | None] = "beta_elbo"

    def __init__(self, *, beta: NonNegativeFloat = 4.0) -> None:
        """Make one from a recipe's keys.

        Args:
            beta: the weight of the divergence; 1 is the bound itself.
        """
        self._beta = beta

    def divergence_cost(self, kl: Tensor, step: int | None) -> Tensor:
        """Return beta times the divergence."""
        return self._beta * kl.sum(1).mean()


class WarmUp(Objective):
    """Let the weight of the divergence rise linearly, so that latents are used before they cost."""

    surrogate: ClassVar[str | None] = "warm_up"

    def __init__(self, *, steps: PositiveInt, beta: PositiveFloat = 1.0) -> None:
        """Make one from a recipe's keys.

        Args:
            steps: over how many training steps the weight rises from 0.
            beta: the weight it has from then on; 1 is the bound itself.
        """
        self._steps, self._beta = steps, beta

    def divergence_cost(self, kl: Tensor, step: int | None) -> Tensor:
        """Return the divergence times the weight it has reached."""
        risen = 1.0 if step is None else min(1.0, (step + 1) / self._steps)
        return self._beta * risen * kl.sum(1).mean()


class FreeBits(Objective):
    """Let each latent, or group of latents, tell a number of nats for nothing."""

    surrogate: ClassVar[str | None] = "free_bits"

    def __init__(self, *, nats: PositiveFloat = 0.5, group: PositiveInt = 1) -> None:
        """Make one from a recipe's keys.

        Args:
            nats: how far a group's divergence, its mean over the minibatch, falls without gain.
            group: how many latents, one after the other, make a group; the last group is what is left. Where they are
                not independent under the posterior and the prior, all of them are one.
        """
        self._nats, self._group = nats, group

    def divergence_cost(self, kl: Tensor, step: int | None) -> Tensor:
        """Return the divergence of the groups, each counted as at least the free nats."""
        groups = torch.stack([part.sum() for part in torch.split(kl.mean(0), self._group)])
        return groups.clamp(min=self._nats).sum()
