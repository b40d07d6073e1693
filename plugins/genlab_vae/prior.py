"""A prior p(z): the distribution of the latent vector before anything is observed."""

import abc
from typing import ClassVar

import torch
from torch import Tensor, nn

from genlab.interfaces.variational_family import VariationalFamily


class Prior(nn.Module, abc.ABC):
    """A density of z. Built with the number of latent dimensions and the `DataSpec`.

    Attributes:
        slot: the key of the model's table that names it.
    """

    slot: ClassVar[str] = "prior"

    @abc.abstractmethod
    def log_prob(self, z: Tensor) -> Tensor:
        """Return log p(z) in nats, `(S, B)`, given z of shape `(S, B, J)`; every constant kept."""

    @abc.abstractmethod
    def sample(self, num_draws: int, *, generator: torch.Generator) -> Tensor:
        """Draw z, `(num_draws, J)`."""

    def take_family(self, family: VariationalFamily) -> None:
        """Take note of the family that was built for the model, for priors made of its posteriors: nothing by default.

        A family of a VAE calls it at the end of its constructor.
        """
