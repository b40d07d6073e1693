"""Annealed importance sampling: the log evidence without the encoder, as a check on importance weights.

    f_t(z) = p(z) p(x given z)^beta_t,   0 = beta_0 < beta_1 < ... < beta_T = 1
    z_0 ~ p(z),   z_t from z_{t-1} by a move that leaves f_t invariant
    log w = sum_t (beta_t - beta_{t-1}) log p(x given z_{t-1}),   E[w] = p(x)

The log of the mean of k weights is a lower bound of log p(x) on average, as with importance weights; but the chains are
led to the posterior by the model alone, so that an encoder which misses a part of it cannot hide that part. With T = 1
the weights are those of draws from the prior.

The moves are Hamiltonian. A first pass, of chains of its own, finds a step size for each observation and temperature at
which about 65% of the moves are accepted. Sizes that the weighted chains had a part in would spoil E[w] = p(x).

Reference: Neal 2001, section 2; Wu, Burda, Salakhutdinov & Grosse 2017.
"""

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces import Batch, ELBOEstimator, LatentModel, VariationalFamily
from genlab.interfaces.constraints import PositiveInt
from genlab.ledger import Ledger, Term
from genlab_vae.hamiltonian import move
from genlab_vae.model import VAE

_NUMBERS_AT_ONCE = {"cpu": 2**18, "device": 2**26}
"""How many dimensions of x, over chains and observations, are decoded together."""

_ACCEPTANCE = 0.65
"""The share of moves to be accepted, which is best for many dimensions (Neal 2011, section 5.4.4)."""

_FIRST_STEP_SIZE, _ADAPTATION = 0.5, 0.3
_STEEPNESS = 4.0
"""The temperatures are evenly spaced points of a sigmoid from -4 to 4: close together at both ends, as Wu et al. do."""


class AnnealedImportanceSampling(ELBOEstimator):
    """Estimate the log evidence by chains from the prior to the posterior; for evaluation only."""

    partners: ClassVar[Mapping[str, type]] = {"model": VAE}
    evaluation_only: ClassVar[bool] = True

    def __init__(self, *, chains: PositiveInt = 16, steps: PositiveInt = 500, leapfrog_steps: PositiveInt = 10) -> None:
        """Make one from a recipe's keys.

        Args:
            chains: k, how many weights are averaged for each observation.
            steps: T, how many temperatures lead from the prior to the posterior.
            leapfrog_steps: how many steps along the gradient make a move at each temperature.
        """
        self._chains, self._steps, self._leapfrog_steps = chains, steps, leapfrog_steps
        self.bound_name = f"log_evidence_ais{chains}x{steps}"
        self.protocol = (
            f"annealed importance sampling, {chains} chain{'s' if chains > 1 else ''} of {steps} temperatures, "
            f"{leapfrog_steps} leapfrog steps a move"
        )

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        """Return one local term, `log_mean_weight`, and measure the effective sample size; without a graph.

        Raises:
            IncompatibleError: in training.
        """
        assert isinstance(model, VAE)
        if model.training:
            raise IncompatibleError(
                "elbo 'annealed-importance-sampling' is for evaluation. Name it in [eval], not in [elbo]."
            )
        numbers = _NUMBERS_AT_ONCE["cpu" if batch.x.device.type == "cpu" else "device"]
        size = max(1, numbers // (batch.x[0].numel() * self._chains))
        with torch.no_grad():
            weights = torch.cat([self._log_weights(model, x, generator) for x in torch.split(batch.x, size)], 1)
            total = torch.logsumexp(weights, 0)
            effective = torch.exp(2 * total - torch.logsumexp(2 * weights, 0))
        return Ledger(
            (Term("log_mean_weight", total - math.log(self._chains), "local", exact=False),),
            measures={f"effective_sample_size_ais{self._chains}x{self._steps}": effective},
        )

    def _log_weights(self, model: VAE, x: Tensor, generator: torch.Generator) -> Tensor:
        """Return log w of every chain, `(S, B)`."""
        sizes: list[Tensor] = []
        self._anneal(model, x, sizes, generator, adapting=True)
        return self._anneal(model, x, sizes, generator, adapting=False)

    def _anneal(
        self, model: VAE, x: Tensor, sizes: list[Tensor], generator: torch.Generator, *, adapting: bool
    ) -> Tensor:
        """Return log w, `(S, B)`; `sizes` holds the step size of each move, which adapting fills in."""
        beta = _temperatures(self._steps)
        z = model.sample_prior(self._chains * len(x), generator=generator).to(x.dtype)
        z = z.reshape(self._chains, len(x), -1)
        weights = x.new_zeros(z.shape[:2])
        size = x.new_full((len(x),), _FIRST_STEP_SIZE)
        for t in range(self._steps):
            weights = weights + (beta[t + 1] - beta[t]) * model.log_likelihood(x, z)
            if t == self._steps - 1:
                return weights
            here = sizes[t] if not adapting else size

            def log_density(z: Tensor, beta: float = beta[t + 1]) -> Tensor:
                return model.log_prior(z) + beta * model.log_likelihood(x, z)

            # Of one length, moves may turn in a circle (Neal 2011, section 5.4.2).
            jittered = here * (0.8 + 0.4 * torch.rand(here.shape, generator=generator, dtype=x.dtype, device=x.device))
            z, accepted = move(z, log_density, jittered, self._leapfrog_steps, generator=generator)
            if adapting:
                sizes.append(here)
                size = size * torch.exp(_ADAPTATION * (accepted.mean(0) - _ACCEPTANCE))
        return weights


def _temperatures(steps: int) -> list[float]:
    """Return beta_0, ..., beta_T."""
    points = torch.sigmoid(torch.linspace(-_STEEPNESS, _STEEPNESS, steps + 1, dtype=torch.float64))
    beta: list[float] = ((points - points[0]) / (points[-1] - points[0])).tolist()
    return beta
