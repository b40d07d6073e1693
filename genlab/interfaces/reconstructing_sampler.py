"""A sampler that also leads from x to latents, and from latents to x."""

import abc

import torch
from torch import Tensor

from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.sampler import Sampler
from genlab.interfaces.variational_family import VariationalFamily


class ReconstructingSampler(Sampler):
    """A sampler that finds latents for observations, and says what latents lead to.

    How near that comes to x is the model's to say; an `InvertibleSampler` promises more.
    """

    @abc.abstractmethod
    def find_latents(
        self, model: LatentModel, family: VariationalFamily, x: Tensor, *, generator: torch.Generator
    ) -> Tensor:
        """Return latents that stand for x.

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
        """Return the observations that latents lead to, `(B, *X)` in the data's own values; means of x need no levels.

        Args:
            model: the fitted model.
            latents: `(B, *Z)`, as `find_latents` returns them.

        Raises:
            UsageError: as `find_latents`.
        """

    @abc.abstractmethod
    def between(self, first: Tensor, second: Tensor, share: float) -> Tensor:
        """Return latents on the way from some to others, such as the prior could have drawn.

        Args:
            first, second: `(B, *Z)`.
            share: how far along: 0 is `first`, 1 is `second`.
        """
