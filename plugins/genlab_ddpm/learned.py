"""The learned schedule: the log-SNR is a monotone network of time, and its ends are learned too.

    log_snr(u) = log_snr_1 - span [ (1 - e) ( g(u) - g(0) ) / ( g(1) - g(0) ) + e u ],   u = (t - 1) / (T - 1)
    g(u) = w u + 1/H sum_j v_j sigmoid( a_j (u - c_j) ),   w, a_j, v_j > 0
    log_snr_1 = start_1 + d_1,   span = S exp(d_2 / S),   S = start_1 - start_T

Positive weights make g rise, so that the log-SNR falls whatever the parameters are, and the bound is one for all of
them. It starts near a straight line from start_1 to start_T. The share e = 0.01 that stays straight keeps every step
above 0 in the last digit too.

Against the paper: time is discrete, so the bound itself trains the ends and what lies between them. The units of g
start evenly spread over time instead of at random, so that few are enough. The ends move slowly, by about the learning
rate a step at most: a network that has learned nothing yet makes no use of a high SNR, and ends that follow at once
what is best for it are far away when it has learned.

Reference: Kingma et al. 2021 (variational diffusion models), section 4 and appendix H.
"""

import math
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genlab.errors import IncompatibleError
from genlab.interfaces.constraints import PositiveInt
from genlab_ddpm.schedule import Advice, LearnedSchedule

_STRAIGHT_SHARE = 0.01
_PACE = 3.0
_SLOPE = 10.0


class Learned(LearnedSchedule):
    """Learn the signal-to-noise ratio with the model, by the bound.

    >>> Learned(3, None, log_snr_1=2.0, log_snr_T=-2.0).betas()
    tensor([0.1192, 0.4323, 0.7616], dtype=torch.float64, grad_fn=<NegBackward0>)
    """

    advice: ClassVar[Advice] = Advice(
        coarser_start="Lower model.schedule.log_snr_1, where training starts.",
        finer_start="Raise model.schedule.log_snr_1, where training starts.",
        noisier_end="Lower model.schedule.log_snr_T, where training starts.",
        earlier_end="Raise model.schedule.log_snr_T, where training starts.",
    )

    def __init__(
        self,
        timesteps: PositiveInt,
        bin_width: float | None,
        /,
        *,
        log_snr_1: float | None = None,
        log_snr_T: float = -10.0,  # noqa: N803 - the paper's T
        hidden: PositiveInt = 64,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            log_snr_1: log(alpha_bar / (1 - alpha_bar)) at t = 1 when training starts; by default the standard deviation
                is then a third of a level, and for real data a hundredth.
            log_snr_T: the same at t = T.
            hidden: how many bends the curve between the two can have.

        Raises:
            IncompatibleError: unless the log-SNR falls from the first to the last.
        """
        super().__init__()
        noise_var = (bin_width / 3) ** 2 if bin_width else 1e-4
        first = math.log1p(-noise_var) - math.log(noise_var) if log_snr_1 is None else log_snr_1
        if first <= log_snr_T:
            raise IncompatibleError(
                f"schedule 'learned' must fall from log_snr_1 to log_snr_T, got {first:.4g} and {log_snr_T:.4g}. "
                "Set model.schedule.log_snr_1 and model.schedule.log_snr_T in that order."
            )
        self._first, self._span = first, first - log_snr_T
        self.shift, self.stretch = nn.Parameter(torch.zeros(())), nn.Parameter(torch.zeros(()))
        self.linear_weight = nn.Parameter(torch.zeros(()))
        self.slope = nn.Parameter(torch.full((hidden,), math.log(_SLOPE) / _PACE))
        self.weight = nn.Parameter(torch.zeros(hidden))
        self.place = nn.Parameter((torch.arange(hidden) + 0.5) / hidden)
        self._timesteps = timesteps

    def betas(self) -> Tensor:
        """Return the T variances, differentiable in the parameters."""
        log_alpha_bar = F.logsigmoid(self._log_snr())
        return -torch.expm1(log_alpha_bar.diff(prepend=log_alpha_bar.new_zeros(1)))

    def _log_snr(self) -> Tensor:
        time = torch.linspace(0, 1, self._timesteps, dtype=torch.float64, device=self.shift.device)
        span = self._span * torch.exp(self.stretch.double() / self._span)
        return self._first + self.shift.double() - span * self._passed(time)

    def _passed(self, time: Tensor) -> Tensor:
        """Return which share of the whole fall is behind at each time, `(T,)`: from 0 to 1."""
        if len(time) == 1:
            return time
        weight, slope = (torch.exp(_PACE * value.double()) for value in (self.weight, self.slope))
        bends = torch.sigmoid(slope * (time[:, None] - self.place.double())) @ weight / len(weight)
        risen = torch.exp(_PACE * self.linear_weight.double()) * time + bends
        share = (risen - risen[0]) / (risen[-1] - risen[0])
        return (1 - _STRAIGHT_SHARE) * share + _STRAIGHT_SHARE * time
