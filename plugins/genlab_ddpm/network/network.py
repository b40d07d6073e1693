"""What the model asks of its network."""

import abc
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class NetworkSpec:
    """What a network is built for.

    Attributes:
        event_shape: `*X`, the shape of one observation.
        num_outputs: how many numbers the model asks for in each place of x.
        num_classes: how many classes it is told; None where it is told none.
    """

    event_shape: tuple[int, ...]
    num_outputs: int = 1
    num_classes: int | None = None


class Network(nn.Module, abc.ABC):
    """A function of a noisy x and its timestep. Its owner builds it with a `NetworkSpec`.

    Attributes:
        slot: the nested recipe table that names it.
    """

    slot: ClassVar[str] = "network"

    @abc.abstractmethod
    def forward(
        self, x_t: Tensor, t: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return the prediction.

        Args:
            x_t: `(B, *X)`, noisy observations, of variance near 1.
            t: `(B,)`, timesteps in 1..T; real numbers, from there and a little beyond, where the schedule is learned.
            y: `(B,)`, classes in 0..num_classes, the last of which stands for none; None where it is told none.
            generator: the randomness of a training pass (dropout); None for a deterministic one.

        Returns:
            `(B, num_outputs, *X)`: first an estimate of eps, x_0 or v, as the model says, then what else it asks for.
        """
