"""The chain from data to noise, as the family of the diffusion: one member per x, nothing learned."""

from typing import ClassVar

import torch
from torch import Tensor

from genlab.interfaces.variational_family import Posterior, VariationalFamily
from genlab.testing.reference.densities import log_normal, standard_normal
from genlab.testing.reference.diffusion.chain import Chain
from genlab.testing.reference.diffusion.model import Diffusion


class ForwardPosterior(Posterior):
    """q(x_1..x_T | x_0)."""

    reparameterized: ClassVar[bool] = True

    def __init__(self, x_0: Tensor, chain: Chain) -> None:
        """Make one.

        Args:
            x_0: `(B, *X)`.
            chain: the steps.
        """
        self._x_0, self._chain = x_0, chain

    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        """Draw x_1..x_T, `(S, B, T, *X)`, step by step."""
        x = self._x_0.expand(num_samples, *self._x_0.shape)
        states = []
        for beta in self._chain.beta.tolist():
            x = (1 - beta) ** 0.5 * x + beta**0.5 * standard_normal(tuple(x.shape), x, generator=generator)
            states.append(x)
        return torch.stack(states, 2)

    @torch.no_grad()
    def sample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        """Draw x_1..x_T, `(S, B, T, *X)`, without gradient."""
        return self.rsample(num_samples, generator=generator)

    def log_prob(self, z: Tensor) -> dict[str, Tensor]:
        """Return `forward_entropy`: log q(x_1..x_T | x_0), `(S, B)`."""
        start = self._x_0.expand(z.shape[0], *self._x_0.shape).unsqueeze(2)
        beta = self._chain.beta.to(z).reshape(-1, *[1] * (z.ndim - 3))
        mean = (1 - beta).sqrt() * torch.cat([start, z[:, :, :-1]], 2)
        return {"forward_entropy": log_normal(z, mean, beta).flatten(2).sum(-1)}


class ForwardChain(VariationalFamily):
    """The fixed chain of a diffusion."""

    def __init__(self, model: Diffusion, /) -> None:
        """Make one.

        Args:
            model: whose chain it is.
        """
        super().__init__()
        self._chain = model.chain

    def posterior(self, x: Tensor) -> ForwardPosterior:
        """Return q for `(B, *X)`."""
        return ForwardPosterior(x, self._chain)
