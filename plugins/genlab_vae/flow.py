"""A normalising flow: an invertible map of the latent vector whose Jacobian determinant is known.

    log q(z) = log q_0(z_0) - log |det dz / dz_0|,   z = f(z_0)

Reference: Rezende & Mohamed 2015, eq. 5.
"""

import abc
from typing import ClassVar

import torch
from torch import Tensor, nn

_LARGEST_LOG_SCALE = 2.0


class Flow(nn.Module, abc.ABC):
    """An invertible map that depends on x through a context. Built with `(latent_dim, context_dim)`.

    Attributes:
        slot: the key of the family's table that names it.
    """

    slot: ClassVar[str] = "flow"

    @abc.abstractmethod
    def forward(self, z_0: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Map z_0 to z.

        Args:
            z_0: `(S, B, J)`.
            context: what the encoder says of each observation, `(B, C)`.

        Returns:
            z, `(S, B, J)`, and log |det dz / dz_0|, `(S, B)`.
        """

    @abc.abstractmethod
    def inverse(self, z: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Map z back to z_0.

        Args:
            z: `(S, B, J)`.
            context: `(B, C)`.

        Returns:
            z_0, `(S, B, J)`, and log |det dz / dz_0| there, `(S, B)`: that of the map forth, not back.
        """


def bounded_log_scale(raw: Tensor) -> Tensor:
    """Return s = 2 tanh(r / 2): near 0 a network's own number, and between -2 and 2, so that no step explodes."""
    return _LARGEST_LOG_SCALE * torch.tanh(raw / _LARGEST_LOG_SCALE)
