"""How far each latent goes under its prior: the values that a figure walks through."""

import torch
from torch import Tensor

from genlab_vae.model import VAE
from genlab_vae.standard_normal import StandardNormal

_DRAWS = 10_000


def prior_quantiles(model: VAE, scores: Tensor, generator: torch.Generator) -> Tensor:
    """Return the values of each latent below which the prior has as much as a standard normal below each score.

    Of the standard normal prior they are the scores themselves; of another, what draws from it say.

    Args:
        model: the VAE whose prior it is.
        scores: `(Q,)`, such as -3, 0 and 3.
        generator: the only source of randomness.

    Returns:
        `(Q, J)`.
    """
    if isinstance(model.prior, StandardNormal):
        return scores.unsqueeze(1).expand(-1, model.latent_dim)
    draws = model.sample_prior(_DRAWS, generator=generator)
    return torch.quantile(draws, torch.special.ndtr(scores), dim=0)
