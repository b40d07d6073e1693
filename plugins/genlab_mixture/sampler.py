"""The posterior predictive distribution: what the next observation may be, given those seen.

    pi ~ q(pi)    z ~ Categorical(pi)    parameters of z ~ q    x ~ Gaussian with these

afresh for each draw, so x follows sum_k a_k / A p(x given k), with p a Gaussian where the noise is known and a
Student-t where it is learned.
"""

import torch
from torch import Tensor

from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.sampler import Draws, Sampler
from genlab_mixture.densities import draw_log_weights
from genlab_mixture.family import MeanField


class PosteriorPredictive(Sampler):
    """Draw weights and a component's parameters from q, then x."""

    def __init__(self, family: MeanField, /) -> None:
        """Make one.

        Args:
            family: the fitted family.
        """
        self._family = family

    def log_density(self, model: LatentModel, x: Tensor) -> Tensor:
        """Return the log-density that draws follow, `(B,)` in x's precision, for x of shape `(B, D)`."""
        return self._family.log_predictive(x).to(x.dtype)

    @torch.no_grad()
    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        """Draw observations; there is no trajectory, so none is kept."""
        factors = self._family.factors()
        weights = draw_log_weights(factors.concentration, num_draws, generator=generator).exp()
        assignments = torch.multinomial(weights, 1, generator=generator).squeeze(1)
        # The other components do not touch x, so only the parameters of the chosen one are drawn.
        components = factors.components
        chosen = components.with_natural(tuple(value[assignments] for value in components.natural()))
        x = chosen.draw(1, generator=generator).sample(generator=generator)[0]
        return Draws(x.to(self._family.log_concentration.dtype))
