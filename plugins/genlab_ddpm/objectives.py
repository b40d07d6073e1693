"""The objectives that ship: mean squared errors of the prediction, the bound, and a blend of the two.

    L_simple  = E_t || target - network(x_t, t) ||^2 / D          t uniform on 1..T
    L_min_snr = E_t min(snr_t, gamma) || x_0 - x_0_hat ||^2 / D   as a weight on the squared error of the prediction
    L_hybrid  = L_simple + lambda L_vlb / (D ln 2)                L_vlb trains the variance alone

Reference: Ho, Jain & Abbeel 2020, eq. 14; Nichol & Dhariwal 2021, eq. 16; Hang et al. 2023, eq. 7.
"""

from typing import ClassVar, Literal

import torch
from torch import Tensor

from genlab.interfaces.constraints import PositiveFloat
from genlab_ddpm.model import DDPM
from genlab_ddpm.objective import Objective


class Bound(Objective):
    """Minimise the negative bound."""

    surrogate: ClassVar[str | None] = None
    bound_reaches: ClassVar[Literal["nothing", "variance", "everything"]] = "everything"

    def error_weight(self, model: DDPM, t: Tensor) -> Tensor:
        """Return zeros: the squared error is not asked for."""
        return torch.zeros_like(t, dtype=model.chain.beta.dtype)


class Simple(Objective):
    """Minimise the mean squared error of the prediction."""

    surrogate: ClassVar[str | None] = "simple"

    def error_weight(self, model: DDPM, t: Tensor) -> Tensor:
        """Return ones."""
        return torch.ones_like(t, dtype=model.chain.beta.dtype)


class Hybrid(Simple):
    """Minimise the mean squared error, and by the bound learn the variance."""

    surrogate: ClassVar[str | None] = "hybrid"
    bound_reaches: ClassVar[Literal["nothing", "variance", "everything"]] = "variance"

    def __init__(self, *, weight: PositiveFloat = 1e-3) -> None:
        """Make one from a recipe's keys.

        Args:
            weight: lambda, how much the bound in bits per dimension counts beside the mean squared error.
        """
        self.bound_share = weight


class MinSNR(Objective):
    """Minimise squared errors of x_0 weighted by the signal-to-noise ratio, up to a limit."""

    surrogate: ClassVar[str | None] = "min_snr"

    def __init__(self, *, gamma: PositiveFloat = 5.0) -> None:
        """Make one from a recipe's keys.

        Args:
            gamma: the limit: nearly clean x_t, whose ratio is above it, count no more than this.
        """
        self._gamma = gamma

    def error_weight(self, model: DDPM, t: Tensor) -> Tensor:
        """Return min(snr, gamma) in units of the prediction: over snr for eps, over snr + 1 for v."""
        snr = model.chain.snr[t - 1]
        return snr.clamp(max=self._gamma) / model.error_units(snr)
