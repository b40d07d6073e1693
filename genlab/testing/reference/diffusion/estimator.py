"""The diffusion's bound with each step's divergence in closed form given x_t.

    ELBO = -L_T - sum_{t=2..T} E KL( q(x_{t-1} | x_t, x_0) || p(x_{t-1} | x_t) ) + E log p(x_0 | x_1)

Every timestep is visited, each with a draw of x_t straight from q(x_t | x_0).

Reference: Ho, Jain & Abbeel 2020, eq. 5.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from genlab.interfaces.data_source import Batch
from genlab.interfaces.elbo_estimator import ELBOEstimator
from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.variational_family import VariationalFamily
from genlab.ledger import Ledger, Term
from genlab.testing.reference.densities import log_normal, standard_normal
from genlab.testing.reference.diffusion.family import ForwardChain
from genlab.testing.reference.diffusion.model import Diffusion


class StepByStep(ELBOEstimator):
    """Take what is Gaussian in closed form, and draw the rest."""

    partners: ClassVar[Mapping[str, type]] = {"model": Diffusion, "family": ForwardChain}
    protocol = "step by step, each timestep once"

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        """Return `prior_kl`, exact, and `step_kl` and `reconstruction`, drawn; divergences count negative."""
        if not isinstance(model, Diffusion):
            raise TypeError(f"model must be a Diffusion, got {type(model).__name__}.")
        x, chain = batch.x, model.chain
        step_kl = x.new_zeros(len(x))
        for t in range(2, chain.timesteps + 1):
            x_t = _diffuse(model, x, t, generator)
            weights = chain.x_0_weight[t - 1].item(), chain.x_t_weight[t - 1].item()
            mean, var = model.reverse(x_t, t)
            divergence = _kl(weights[0] * x + weights[1] * x_t, chain.small_var[t - 1].to(x), mean, var)
            step_kl = step_kl + divergence.flatten(1).sum(1)
        mean, var = model.reverse(_diffuse(model, x, 1, generator), 1)
        last = chain.signal[-1].to(x) * x, chain.noise_var[-1].to(x)
        prior_kl = _kl(*last, x.new_zeros(()), x.new_ones(())).flatten(1).sum(1)
        return Ledger(
            (
                Term("prior_kl", -prior_kl, "local", exact=True),
                Term("step_kl", -step_kl, "local", exact=False),
                Term("reconstruction", log_normal(x, mean, var).flatten(1).sum(1), "local", exact=False),
            )
        )


def _diffuse(model: Diffusion, x: Tensor, t: int, generator: torch.Generator) -> Tensor:
    """Draw x_t from q(x_t | x_0)."""
    noise = standard_normal(tuple(x.shape), x, generator=generator)
    return model.chain.signal[t - 1].to(x) * x + model.chain.noise_var[t - 1].sqrt().to(x) * noise


def _kl(q_mean: Tensor, q_var: Tensor, p_mean: Tensor, p_var: Tensor) -> Tensor:
    """Return KL(N(q_mean, q_var) || N(p_mean, p_var)), coordinate by coordinate."""
    ratio = q_var / p_var
    return 0.5 * ((q_mean - p_mean).square() / p_var + ratio - 1 - ratio.log())
