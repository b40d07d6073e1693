"""The reverse chain with a known denoiser, and its evidence by quadrature.

    p(x_T) = N(0, 1),   p(x_{t-1} | x_t) = N( a_t x_0_hat(x_t, t) + b_t x_t, beta_t ),   t = T..1

Coordinates are independent, so p(x_0) is a product of one-dimensional integrals over x_1..x_T, done one after another
on a grid. The integrands are smooth and vanish at the ends, so the sum over the grid is right to rounding.
"""

import torch
from torch import Tensor

from genlab.interfaces.constraints import PositiveInt, UnitFloat
from genlab.interfaces.data_source import DataSpec
from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.part import Part
from genlab.testing.reference.densities import log_normal
from genlab.testing.reference.diffusion.chain import Chain
from genlab.testing.reference.diffusion.denoiser import Denoiser

_GRID = (-12.0, 12.0, 481)
"""From, to, points. A spacing of 0.05 is exact to rounding for standard deviations of 0.2 and more."""


class Diffusion(LatentModel):
    """A short chain of noise, undone by a denoiser that is known; z is x_1..x_T, of shape `(S, B, T, *X)`.

    Attributes:
        chain: the schedule.
        denoiser: x_0_hat.
    """

    def __init__(
        self,
        spec: DataSpec,
        /,
        *,
        denoiser: Part[Denoiser],
        timesteps: PositiveInt = 4,
        first_beta: UnitFloat = 0.1,
        last_beta: UnitFloat = 0.7,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            denoiser: from x_t to x_0_hat.
            timesteps: T.
            first_beta: beta_1, the first variance, at least 0.04: the evidence's grid resolves no less.
            last_beta: beta_T, the last variance; those between rise linearly.
        """
        super().__init__()
        self.event_shape = spec.event_shape
        self.chain = Chain.linear(timesteps, first_beta, last_beta)
        self.denoiser = denoiser(self.chain)

    def reverse(self, x_t: Tensor, t: int) -> tuple[Tensor, Tensor]:
        """Return the mean, of the shape of x_t, and the variance `()` of p(x_{t-1} | x_t)."""
        chain = self.chain
        x_0_hat = self.denoiser(x_t, t)
        mean = chain.x_0_weight[t - 1].item() * x_0_hat + chain.x_t_weight[t - 1].item() * x_t
        return mean, chain.beta[t - 1].to(x_t)

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        """Return `prior`, `steps` and `reconstruction`, each `(S, B)`."""
        last = z[:, :, -1]
        steps = z.new_zeros(z.shape[:2])
        for t in range(2, self.chain.timesteps + 1):
            mean, var = self.reverse(z[:, :, t - 1], t)
            steps = steps + log_normal(z[:, :, t - 2], mean, var).flatten(2).sum(-1)
        mean, var = self.reverse(z[:, :, 0], 1)
        return {
            "prior": log_normal(last, last.new_zeros(()), last.new_ones(())).flatten(2).sum(-1),
            "steps": steps,
            "reconstruction": log_normal(x, mean, var).flatten(2).sum(-1),
        }

    def log_evidence(self, x: Tensor) -> Tensor:
        """Return log p(x), `(B,)`."""
        grid = torch.linspace(*_GRID, dtype=x.dtype, device=x.device)
        log_width = torch.log(grid[1] - grid[0])
        log_density = log_normal(grid, grid.new_zeros(()), grid.new_ones(()))
        for t in range(self.chain.timesteps, 1, -1):
            mean, var = self.reverse(grid, t)
            log_density = torch.logsumexp(log_density + log_normal(grid.unsqueeze(1), mean, var), 1) + log_width
        mean, var = self.reverse(grid, 1)
        coordinates = x.flatten(1).unsqueeze(-1)
        return (torch.logsumexp(log_density + log_normal(coordinates, mean, var), -1) + log_width).sum(1)
