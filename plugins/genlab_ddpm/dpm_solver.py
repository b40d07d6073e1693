"""DPM-Solver++: an exponential integrator of the probability flow that remembers the last predictions.

With s_t = sqrt(alpha_bar_t), n_t = sqrt(1 - alpha_bar_t), l = log(s / n) and h the step in l from t to u,

    x_u = n_u / n_t x_t + s_u int_0^h e^(tau - h) x_0_hat(l_t + tau) dtau

is exact; the prediction along the step is extrapolated from those of the last steps. With D_0, D_1 the newest two and
r = h_before / h, the order-2 step (2M) is

    x_u = n_u / n_t x_t - s_u (e^-h - 1) [ D_0 + (D_0 - D_1) / (2 r) ]

Order 3 fits a parabola through the newest three. The first steps have too few predictions behind them; for order 3 the
very first is corrected with the prediction at its end (one more call), or its error would be the largest. The last
step, from 1 to 0, where h is infinite, returns x_0_hat. Order 1 is DDIM at eta = 0. One network call a step.

Reference: Lu et al. 2022 (DPM-Solver++), eq. 8 and algorithm 2.
"""

from typing import Annotated

import torch
from annotated_types import Ge, Le
from torch import Tensor

from genlab.interfaces import Draws, LatentModel, Part
from genlab.interfaces.constraints import PositiveInt
from genlab_ddpm.diffusion_sampler import DiffusionSampler
from genlab_ddpm.grid import Spacing, grid
from genlab_ddpm.guidance import Guidance, guided
from genlab_ddpm.model import DDPM
from genlab_ddpm.walk import check_steps, walk


class DPMSolver(DiffusionSampler):
    """Follow the probability flow with few network calls."""

    def __init__(
        self,
        model: DDPM,
        /,
        *,
        steps: PositiveInt = 20,
        order: Annotated[int, Ge(1), Le(3)] = 2,
        spacing: Spacing = "log-snr",
        guidance: Part[Guidance] | None = None,
        frames: PositiveInt = 20,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            steps: how many steps, at most T; each calls the network once.
            order: how many predictions a step is made from: the error falls with the number of steps to this power.
            spacing: along which scale the timesteps lie evenly: t (even), its root (quadratic), the log-snr, or
                its sigma^(1/7) (karras).
            guidance: which class draws shall be of, where the model is told classes; by default none in particular.
            frames: how many states a trajectory keeps after the first, where one is asked for.

        Raises:
            IncompatibleError: when there are more steps than timesteps, or the guidance does not fit.
        """
        check_steps(model, steps)
        self._steps, self._order, self._spacing, self._frames = steps, order, spacing, frames
        self.guidance = guided(guidance, model)

    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        """Draw observations; a trajectory holds states in the data's own values, not rounded."""
        assert isinstance(model, DDPM)
        half_log_snr = (0.5 * model.chain.log_snr).tolist()
        past: list[tuple[Tensor, float]] = []

        def step(x_t: Tensor, t: int, following: int) -> Tensor:
            x_0_hat, _ = model.denoise(x_t, t, self._ask)
            if following == 0:
                return x_0_hat
            place = half_log_snr[t - 1]
            past.insert(0, (x_0_hat, place))
            del past[self._order :]
            h = half_log_snr[following - 1] - place
            x = _advanced(model, x_t, _extrapolated(past, h), t, following)
            if self._order < 3 or len(past) > 1:
                return x
            ahead = [(x_0_hat, place), (model.denoise(x, following, self._ask)[0], place + h)]
            return _advanced(model, x_t, _extrapolated(ahead, h), t, following)

        frames = self._frames if trajectory else 0
        timesteps = grid(model.chain.log_snr, self._steps, self._spacing)
        return walk(model, timesteps, step, num_draws, generator=generator, frames=frames, guidance=self.guidance)


def _advanced(model: DDPM, x_t: Tensor, along: tuple[Tensor, float], t: int, following: int) -> Tensor:
    """Return the state at `following`; `along` is the prediction that stands for the step, and its weight."""
    chain = model.chain
    kept = chain.noise[following - 1] / chain.noise[t - 1]
    return kept * x_t + chain.signal[following - 1] * along[1] * along[0]


def _extrapolated(past: list[tuple[Tensor, float]], h: float) -> tuple[Tensor, float]:
    """Return the prediction that stands for the whole step, and 1 - e^-h, the weight it has.

    Args:
        past: the newest predictions and their places in log(s / n), newest first; a second one may lie ahead.
        h: the step's length.
    """
    weight = -torch.expm1(torch.tensor(-h, dtype=torch.float64)).item()
    line = 1 / weight - 1 / h  # int_0^1 of e^(h (u - 1)) u, over that of 1
    newest, place = past[0]
    if len(past) == 1:
        return newest, weight
    difference, ratio = newest - past[1][0], (place - past[1][1]) / h
    if len(past) == 2:
        return newest + difference / ratio * (0.5 if ratio > 0 else line), weight
    ratio_before = (past[1][1] - past[2][1]) / h
    slope, slope_before = difference / ratio, (past[1][0] - past[2][0]) / ratio_before
    bend = (slope - slope_before) / (ratio + ratio_before)
    parabola = 1 / weight - 2 / h * line  # the same of u^2
    return newest + (slope + ratio * bend) * line + bend * parabola, weight
