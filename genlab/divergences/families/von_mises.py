"""Von Mises distributions: with concentrations k_q and k_p, d = loc_q - loc_p and the resultant A(k) = I_1(k) / I_0(k),

    KL(q || p) = log I_0(k_p) - log I_0(k_q) + A(k_q) (k_q - k_p cos d).

In terms of exponentially scaled Bessel functions, which do not overflow, log I_0(k) = log i0e(k) + k, and

    KL(q || p) = log i0e(k_p) - log i0e(k_q) + (k_p - k_q) (1 - A(k_q)) + 2 A(k_q) k_p sin^2(d / 2).

Natural parameters are the vectors of length k in the direction of the mean, which the geometric mixture adds.
"""

import torch
from torch import Tensor
from torch.distributions import VonMises

from genlab.divergences.divergence import closed_form
from genlab.divergences.excess import nonnegative
from genlab.divergences.geometric_mixture import geometric_mixture
from genlab.divergences.kl import KL


@closed_form(KL, VonMises, VonMises)
def kl_von_mises(kl: KL, q: VonMises, p: VonMises) -> Tensor:
    """Return the divergence from exponentially scaled Bessel functions."""
    q_scaled, p_scaled = torch.special.i0e(q.concentration), torch.special.i0e(p.concentration)
    resultant = torch.special.i1e(q.concentration) / q_scaled
    spread = (q_scaled - torch.special.i1e(q.concentration)) / q_scaled
    turn = 2 * torch.sin((q.loc - p.loc) / 2).square()
    same_direction = torch.log(p_scaled / q_scaled) + (p.concentration - q.concentration) * spread
    return nonnegative(same_direction) + resultant * p.concentration * turn


@geometric_mixture(VonMises, VonMises)
def mix_von_mises(q: VonMises, p: VonMises, weight: float) -> tuple[VonMises, Tensor]:
    """Return the von Mises distribution proportional to q^a p^(1 - a); it always exists."""
    # in a frame where q's mean is at 0
    turn = p.loc - q.loc
    along = weight * q.concentration + (1 - weight) * p.concentration * torch.cos(turn)
    across = (1 - weight) * p.concentration * torch.sin(turn)
    squared = along.square() + across.square()
    uniform = squared == 0
    concentration = torch.where(uniform, 0.0, torch.where(uniform, 1.0, squared).sqrt())
    loc = q.loc + torch.atan2(across, torch.where(uniform, 1.0, along))
    return VonMises(loc, concentration, validate_args=False), torch.ones_like(uniform)
