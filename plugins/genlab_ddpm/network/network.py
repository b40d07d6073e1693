"""What the model asks of its network."""

import abc
from typing import ClassVar

import torch
from torch import Tensor, nn


class Network(nn.Module, abc.ABC):
    """A function of a noisy x and its timestep, of the shape of x.

    Its owner builds it with the event shape `*X`.

    Attributes:
        slot: the nested recipe table that names it.
    """

    slot: ClassVar[str] = "network"

    @abc.abstractmethod
    def forward(self, x_t: Tensor, t: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Return the prediction.

        Args:
            x_t: `(B, *X)`, noisy observations, of variance near 1.
            t: `(B,)`, timesteps in 1..T.
            generator: the randomness of a training pass (dropout); None for a deterministic one.

        Returns:
            `(B, *X)`: an estimate of eps, x_0 or v, as the model says.
        """
