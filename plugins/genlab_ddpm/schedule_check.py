"""Whether a schedule suits the data: what can be said before anything is trained.

With w the distance between two levels of x_0, s_1 = sqrt(beta_1) the first step's standard deviation and Phi the normal
distribution function:

    log-SNR falls at every step                                   or there is no bound: refused
    s_1 far below w       steps resolve what the data do not have, and each costs bits
    s_1 far above w       L_0 >= -log2( 2 Phi(w / 2s) - 1 ) bits/dim, however good the network; s the decoder's own
    alpha_bar_T too large L_T = -1/2 log2(1 - alpha_bar_T) bits/dim where x_0^2 = 1
    alpha_bar_t near 0    from some t on nothing is left of x_0, and steps from there on are spent on nothing
"""

import math
import warnings

import torch
from torch import Tensor

from genlab.errors import GenlabWarning, IncompatibleError
from genlab_ddpm.schedule import Advice

_FINE = 1 / 6
_LARGEST_SHARE_OF_A_UNIFORM_CODE = 0.5
_LARGE_L_T_BITS = 0.01
_NO_SIGNAL = 1e-6
_LARGEST_SHARE_WITHOUT_SIGNAL = 0.4


def check_falling(betas: Tensor, timesteps: int, advice: Advice) -> None:
    """Raise unless betas are those of a chain: T of them, the log-SNR finite and falling at every step.

    Args:
        betas: `(T,)`, float64.
        timesteps: T.
        advice: the schedule's.

    Raises:
        IncompatibleError: naming the first timestep that breaks the rule.
    """
    if betas.shape != (timesteps,):
        raise IncompatibleError(
            f"model.schedule must give a variance for each of the {timesteps} timesteps, got {tuple(betas.shape)}. "
            "Use another schedule."
        )
    alpha_bar = torch.cumprod(1 - betas, 0)
    log_snr = torch.log(alpha_bar) - torch.log1p(-alpha_bar)
    falls = torch.isfinite(log_snr) & (betas > 0)
    falls[1:] &= log_snr.diff() < 0
    if falls.all():
        return
    t = int(falls.logical_not().nonzero()[0]) + 1
    fix = advice.coarser_start if alpha_bar[t - 1] > 0.5 and betas[t - 1] > 0 else advice.earlier_end
    raise IncompatibleError(
        f"model.schedule must let the log signal-to-noise ratio fall at every step, got {log_snr[t - 1]:.4g} at "
        f"t = {t} with beta_{t} = {betas[t - 1]:.3g}. {fix}"
    )


def warn_of_costs(alpha_bar: Tensor, decoder_std: float, levels: int | None, advice: Advice) -> None:
    """Warn where the schedule's ends do not suit the data.

    Args:
        alpha_bar: `(T,)`, float64.
        decoder_std: the smallest standard deviation that p(x_0 | x_1) can have.
        levels: L, how many levels the data have; None for real data.
        advice: the schedule's.
    """
    if levels is not None:
        _warn_of_first_step(math.sqrt(1 - float(alpha_bar[0])), decoder_std, levels, advice)
    _warn_of_last_step(alpha_bar, advice)


def _warn_of_first_step(std: float, decoder_std: float, levels: int, advice: Advice) -> None:
    width = 2 / (levels - 1)
    if std < _FINE * width:
        _warn(
            f"the first step's standard deviation should be near the distance {width:.3g} between two levels of the "
            f"data, got {std:.2g}: steps far finer cost bits. {advice.coarser_start}"
        )
    least, uniform = _least_decoder_bits(decoder_std, width), math.log2(levels)
    if least > _LARGEST_SHARE_OF_A_UNIFORM_CODE * uniform:
        _warn(
            f"the first step's standard deviation should be near the distance {width:.3g} between two levels of the "
            f"data, got {std:.2g}: L_0 alone then costs {least:.2g} bits/dim, where {uniform:.2g} are those of random "
            f"pixels. {advice.finer_start}"
        )


def _least_decoder_bits(std: float, width: float) -> float:
    """Return L_0 in bits per dimension where the network is right: a normal's mass on the level at its mean."""
    return -math.log2(math.erf(width / (2 * math.sqrt(2) * std)))


def _warn_of_last_step(alpha_bar: Tensor, advice: Advice) -> None:
    left = float(alpha_bar[-1])
    bits = -0.5 * math.log1p(-left) / math.log(2)
    if bits > _LARGE_L_T_BITS:
        _warn(
            f"the chain should end in noise, but the last state keeps a share {left:.2g} of the signal's variance "
            f"(SNR {left / (1 - left):.2g}), which costs up to {bits:.2g} bits/dim (L_T). {advice.noisier_end}"
        )
    timesteps = len(alpha_bar)
    spent = int((alpha_bar < _NO_SIGNAL).sum())
    if spent > _LARGEST_SHARE_WITHOUT_SIGNAL * timesteps:
        _warn(
            f"the chain should end when the signal does, but {spent} of its {timesteps} timesteps keep less than "
            f"{_NO_SIGNAL:.0e} of its variance: they teach nothing, and draws pass through them. {advice.earlier_end}"
        )


def _warn(message: str) -> None:
    warnings.warn(f"model 'ddpm': {message}", GenlabWarning, stacklevel=5)
