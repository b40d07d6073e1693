"""The variational family of a diffusion: one member per x, the chain that adds noise.

It has nothing to learn, unless the model's schedule is learned: its parameters are then the family's too.

q(x_1..x_T | x_0) = prod_{t=1..T} N( x_t; sqrt(alpha_t) x_{t-1}, beta_t I )
"""

from typing import ClassVar

import torch
from torch import Tensor

from genlab.gaussian import normal_log_prob
from genlab.interfaces import Posterior, VariationalFamily
from genlab_ddpm.chain import ForwardChain
from genlab_ddpm.model import DDPM


class ForwardDiffusion(VariationalFamily):
    """The chain from data to noise."""

    def __init__(self, model: DDPM, /) -> None:
        """Make one.

        Args:
            model: whose chain it is.
        """
        super().__init__()
        self._values = model.values
        self._chain = model.chain

    def posterior(self, x: Tensor) -> "Trajectories":
        """Return the distribution of trajectories that start at x, `(B, *X)`."""
        return Trajectories(self._values.to_x_0(x), self._chain)


class Trajectories(Posterior):
    """q(x_1..x_T | x_0)."""

    reparameterized: ClassVar[bool] = True

    def __init__(self, x_0: Tensor, chain: ForwardChain) -> None:
        """Make one.

        Args:
            x_0: `(B, *X)`.
            chain: the steps.
        """
        self._x_0 = x_0
        self._chain = chain

    def sample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        """Draw trajectories x_1..x_T, `(S, B, T, *X)`, without gradient."""
        return self.rsample(num_samples, generator=generator).detach()

    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        """Draw trajectories x_1..x_T, `(S, B, T, *X)`: x_0 through the chain, step by step."""
        x = self._x_0.expand(num_samples, *self._x_0.shape)
        states = []
        with self._chain.held():
            for timestep in range(1, self._chain.timesteps + 1):
                eps = torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)
                x = self._chain.step(x, eps, timestep)
                states.append(x)
        return torch.stack(states, 2)

    def log_prob(self, z: Tensor) -> dict[str, Tensor]:
        """Return `forward_entropy`: log q(x_1..x_T | x_0), `(S, B)`."""
        start = self._x_0.expand(z.shape[0], *self._x_0.shape).unsqueeze(2)
        before = torch.cat([start, z[:, :, :-1]], 2)
        over_steps = (-1, *[1] * (self._x_0.ndim - 1))
        with self._chain.held():
            mean = self._chain.alpha.sqrt().reshape(over_steps) * before
            log_prob = normal_log_prob(z, mean, self._chain.log_beta.reshape(over_steps))
        return {"forward_entropy": log_prob.flatten(2).sum(2)}
