"""A diffusion of data that are N points, each as likely: the optimal denoiser is a softmax over them.

    E[x_0 | x_t] = sum_i w_i p_i,   w = softmax_i( -|x_t - s_t p_i|^2 / (2 n_t^2) )

The flow to and from the points is solved here by scipy, and the evidence of the chain for one pixel by quadrature.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from genlab_ddpm.model import DDPM
from known_diffusion import KnownChain, known_model
from scipy import integrate, special, stats
from torch import Tensor

from genlab.interfaces import DataSpec


@dataclass(frozen=True, kw_only=True)
class FiniteData(KnownChain):
    """The exact answers.

    Attributes:
        x: `(N, *X)`, the points: integers 0..L-1.
        levels: L.
    """

    x: np.ndarray
    levels: int

    @property
    def points(self) -> np.ndarray:
        """The points in the values of x_0, `(N, D)`."""
        return self.x.reshape(len(self.x), -1) * (2 / (self.levels - 1)) - 1

    def weights(self, x_t: np.ndarray, signal: float, noise: float) -> np.ndarray:
        """Return how likely each point is behind states `(B, D)`, `(B, N)`."""
        distance = ((x_t[:, None, :] - signal * self.points[None]) ** 2).sum(-1)
        return np.asarray(special.softmax(-0.5 * distance / noise**2, axis=1))

    def denoised(self, x_t: Tensor, t: Tensor) -> Tensor:
        signal, noise = (self.at(table, x_t.flatten(1), t) for table in (self.signal, self.noise))
        points = torch.as_tensor(self.points, dtype=x_t.dtype)
        distance = (x_t.flatten(1).unsqueeze(1) - signal.unsqueeze(1) * points).square().sum(-1)
        return (torch.softmax(-0.5 * distance / noise**2, 1) @ points).reshape(x_t.shape)

    def flow(self, states: np.ndarray, t: int, following: int) -> np.ndarray:
        """Return the solution of the probability flow, dy / dsigma = (y - x_0_hat) / sigma, for states `(B, D)`."""
        ratio = self.noise / self.signal

        def slope(log_sigma: float, y: np.ndarray) -> Any:
            sigma = np.exp(log_sigma)
            signal = 1 / np.sqrt(1 + sigma**2)
            rows = y.reshape(states.shape)
            return (rows - self.weights(rows * signal, signal, sigma * signal) @ self.points).ravel()

        ends = (np.log(ratio[t - 1]), np.log(ratio[following - 1]))
        solved = integrate.solve_ivp(slope, ends, states.ravel() / self.signal[t - 1], "DOP853", rtol=1e-12, atol=1e-12)
        return np.asarray(self.signal[following - 1] * solved.y[:, -1].reshape(states.shape))

    def log_evidence(self, var: np.ndarray) -> np.ndarray:
        """Return log p(x) of every level of one pixel under the chain with reverse variances `var`, `(L,)`.

        The density of x_t is carried down a grid; the sum over it is right to rounding where the grid is fine.
        """
        grid = np.linspace(-9, 9, 1201)
        density = stats.norm.pdf(grid)
        width = grid[1] - grid[0]
        for t in range(len(self.betas), 0, -1):
            x_0_hat = (self.weights(grid[:, None], self.signal[t - 1], self.noise[t - 1]) @ self.points)[:, 0]
            beta, before, alpha_bar = self.betas[t - 1], self.before[t - 1], self.alpha_bar[t - 1]
            mean = np.sqrt(before) * beta / (1 - alpha_bar) * x_0_hat
            mean += np.sqrt(1 - beta) * (1 - before) / (1 - alpha_bar) * grid
            if t == 1:
                edges = (np.arange(self.levels - 1) + 0.5) * (2 / (self.levels - 1)) - 1
                edges = np.concatenate([[-np.inf], edges, [np.inf]])
                mass = np.diff(stats.norm.cdf((edges[:, None] - mean) / np.sqrt(var[0])), axis=0)
                return np.asarray(np.log(mass @ density * width))
            density = stats.norm.pdf(grid[:, None], mean, np.sqrt(var[t - 1])) @ density * width
        raise AssertionError("a chain has a first step")


def finite_model(data: FiniteData, *, prediction: Any = "x_0", variance: Any = "fixed-small") -> DDPM:
    """Return the model with the optimal denoiser, in float64."""
    spec = DataSpec("points", data.x.shape[1:], num_train=len(data.x), levels=data.levels)
    return known_model(data, spec, prediction=prediction, variance=variance)
