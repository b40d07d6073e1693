"""A sampler that goes both ways: from latents to x, and from x to latents it could have been drawn from."""

import abc

import torch
from torch import Tensor

from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.sampler import Sampler
from genlab.interfaces.variational_family import VariationalFamily


class InvertibleSampler(Sampler):
    """A sampler whose draws are a function of latents, which it can find again for an observation.

    Where it has a key `steps`, more of them bring what `draw_from` makes of the latents found nearer to x.
    """

    @abc.abstractmethod
    def invert(self, model: LatentModel, family: VariationalFamily, x: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return latents that `draw_from` leads back to x, as nearly as it can.

        Args:
            model: the fitted model.
            family: fitted to it.
            x: `(B, *X)`, observations in the data's own values.
            generator: the only source of randomness, on the model's device.

        Returns:
            `(B, *Z)`.

        Raises:
            UsageError: where the sampler's keys make a draw no function of latents.
        """

    @abc.abstractmethod
    def draw_from(self, model: LatentModel, latents: Tensor) -> Tensor:
        """Return the observations that latents lead to, `(B, *X)` in the data's own values.

        Args:
            model: the fitted model.
            latents: `(B, *Z)`, as `invert` returns them.

        Raises:
            UsageError: as `invert`.
        """

    @abc.abstractmethod
    def between(self, first: Tensor, second: Tensor, share: float) -> Tensor:
        """Return latents on the way from some to others, such as the prior could have drawn.

        Args:
            first, second: `(B, *Z)`.
            share: how far along: 0 is `first`, 1 is `second`.
        """
