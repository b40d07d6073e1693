"""The posterior predictive distribution: what the next observation may be, given those seen.

    pi ~ q(pi)    z ~ Categorical(pi)    mu_z ~ q(mu_z)    x ~ N(mu_z, sigma^2)

afresh for each draw, so x follows sum_k a_k / A N(m_k, v_k + sigma^2).
"""

import torch

from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.sampler import Draws, Sampler
from genlab_mixture.densities import draw_log_weights
from genlab_mixture.family import MeanField


class PosteriorPredictive(Sampler):
    """Draw weights and means from q, then x."""

    def __init__(self, family: MeanField, /) -> None:
        """Make one.

        Args:
            family: the fitted family.
        """
        self._family = family

    @torch.no_grad()
    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        """Draw observations; there is no trajectory, so none is kept."""
        factors = self._family.factors()
        weights = draw_log_weights(factors.concentration, num_draws, generator=generator).exp()
        assignments = torch.multinomial(weights, 1, generator=generator).squeeze(1)
        # The means of the other components do not touch x, so only the chosen one is drawn.
        mean, std = factors.mean[assignments], factors.var[assignments].sqrt()
        noise = torch.randn(2, *mean.shape, generator=generator, dtype=mean.dtype, device=mean.device)
        noise_scale = self._family.noise_scale
        x = mean + std * noise[0] + noise_scale.double() * noise[1]
        return Draws(x.to(noise_scale.dtype))
