"""Coupling flow: half of the dimensions are scaled and shifted by what a network reads off the other half.

    z'_a = z_a,   z'_b = z_b * exp(s) + t,   (s, t) = network(z_a, context)
    log |det dz' / dz| = sum_b s_b

The halves, dimensions of even and of odd number, change places after each step. Both directions cost the same. The
log scale s is bounded.

Reference: Dinh, Sohl-Dickstein & Bengio 2017 (real NVP), eq. 4 to 8.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from genlab.errors import IncompatibleError
from genlab.interfaces.constraints import PositiveInt
from genlab_vae.flow import Flow, bounded_log_scale
from genlab_vae.mlp import ACTIVATIONS, Activation


class Coupling(Flow):
    """Steps of affine moves of every other dimension; they start as the identity."""

    def __init__(
        self,
        latent_dim: int,
        context_dim: int,
        /,
        *,
        steps: PositiveInt = 4,
        hidden: tuple[PositiveInt, ...] = (64,),
        activation: Activation = "relu",
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            steps: how many moves there are.
            hidden: the widths of the hidden layers of each move's network.
            activation: the function after each hidden layer.

        Raises:
            IncompatibleError: when z has one dimension.
        """
        super().__init__()
        if latent_dim < 2:
            raise IncompatibleError(
                f"flow 'coupling' must have a z of at least 2 dimensions, got {latent_dim}. Use flow "
                "'inverse-autoregressive'."
            )
        networks = [_network((latent_dim + context_dim, *hidden, 2 * latent_dim), activation) for _ in range(steps)]
        self.networks = nn.ModuleList(networks)
        even = torch.arange(latent_dim) % 2 == 0
        self.register_buffer(
            "held", torch.stack([even if step % 2 == 0 else ~even for step in range(steps)]), persistent=False
        )
        self.held: Tensor

    def forward(self, z_0: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Return z, `(S, B, J)`, and the log determinant, `(S, B)`."""
        z, log_det = z_0, z_0.new_zeros(z_0.shape[:-1])
        for network, held in zip(self.networks, self.held, strict=True):
            log_scale, shift = _move(network, z, context, held)
            z = z * torch.exp(log_scale) + shift
            log_det = log_det + log_scale.sum(-1)
        return z, log_det

    def inverse(self, z: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Return z_0, `(S, B, J)`, and the log determinant, `(S, B)`."""
        log_det = z.new_zeros(z.shape[:-1])
        for network, held in zip(reversed(self.networks), reversed(self.held), strict=True):
            log_scale, shift = _move(network, z, context, held)
            z = (z - shift) * torch.exp(-log_scale)
            log_det = log_det + log_scale.sum(-1)
        return z, log_det


def _network(widths: tuple[int, ...], activation: Activation) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), ACTIVATIONS[activation]()]
    last = layers[-2]
    assert isinstance(last, nn.Linear)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(*layers[:-1])


def _move(network: nn.Module, z: Tensor, context: Tensor, held: Tensor) -> tuple[Tensor, Tensor]:
    """Return log scale and shift, `(S, B, J)` each: 0 where a dimension is held."""
    seen = torch.where(held, z, 0.0)
    numbers = network(torch.cat([seen, context.expand(*z.shape[:-1], -1)], -1)).to(z.dtype)  # inside autocast too
    raw, shift = numbers.chunk(2, dim=-1)
    return torch.where(held, 0.0, bounded_log_scale(raw)), torch.where(held, 0.0, shift)
