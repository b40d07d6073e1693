"""Inverse autoregressive flow: each dimension is moved by those before it, all at once.

    z' = z * exp(s) + m,   (m, s) = network(z, context)
    log |det dz' / dz| = sum_j s_j

m_j and s_j depend on z_1..z_{j-1} alone, so the Jacobian is triangular. From z to z' is one pass of the network; back,
one pass for each dimension. So drawing is fast and the density of somebody else's z is slow; a posterior remembers the
density of its own draws. After each step the order of the dimensions is reversed. The steps begin as the identity, and
s is bounded, which is what Kingma et al. have their gate z' = g z + (1 - g) m for; but a gate that lets most of z pass
lets little of m in, and pulls every z towards it.

Reference: Kingma et al. 2016, eq. 10 and section 4.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.interfaces.constraints import PositiveInt
from genlab_vae.autoregressive import AutoregressiveNetwork
from genlab_vae.flow import Flow, bounded_log_scale
from genlab_vae.mlp import Activation


class InverseAutoregressive(Flow):
    """Steps of affine moves of each dimension by those before it; they start as the identity."""

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
        """
        super().__init__()
        networks = [AutoregressiveNetwork(latent_dim, context_dim, 2, hidden, activation) for _ in range(steps)]
        self.networks = nn.ModuleList(networks)

    def forward(self, z_0: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Return z, `(S, B, J)`, and the log determinant, `(S, B)`."""
        z, log_det = z_0, z_0.new_zeros(z_0.shape[:-1])
        for network in self.networks:
            m, raw = network(z, context)
            s = bounded_log_scale(raw)
            z = (z * torch.exp(s) + m).flip(-1)
            log_det = log_det + s.sum(-1)
        return z, log_det

    def inverse(self, z: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Return z_0, `(S, B, J)`, and the log determinant, `(S, B)`."""
        log_det = z.new_zeros(z.shape[:-1])
        for network in reversed(self.networks):
            z, log_scales = _undone(network, z.flip(-1), context)
            log_det = log_det + log_scales
        return z, log_det


def _undone(network: nn.Module, moved: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
    """Return what was moved, `(S, B, J)`, dimension by dimension, and the sum of the log scales, `(S, B)`."""
    num_dims = moved.shape[-1]
    columns: list[Tensor] = []
    log_det = moved.new_zeros(moved.shape[:-1])
    for j in range(num_dims):
        known = torch.stack(columns, -1) if columns else moved[..., :0]
        m, raw = network(F.pad(known, (0, num_dims - j)), context)
        s = bounded_log_scale(raw[..., j])
        columns.append((moved[..., j] - m[..., j]) * torch.exp(-s))
        log_det = log_det + s
    return torch.stack(columns, -1), log_det
