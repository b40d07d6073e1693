"""What the network predicts: given x_t, the noise, the clean x and their rotation determine one another.

    x_t = s x_0 + n eps,   s = sqrt(alpha_bar_t), n = sqrt(1 - alpha_bar_t),   v = s eps - n x_0
    x_0 = (x_t - n eps) / s = s x_t - n v

Reference: Ho et al. 2020, eq. 11 (eps); Salimans & Ho 2022, appendix D (v).
"""

from typing import Literal

from torch import Tensor

Prediction = Literal["eps", "x_0", "v"]


def target(prediction: Prediction, x_0: Tensor, eps: Tensor, signal: Tensor, noise: Tensor) -> Tensor:
    """Return what a perfect network would predict.

    Args:
        prediction: which quantity the network predicts.
        x_0, eps: `(B, *X)`.
        signal, noise: s and n, broadcastable.
    """
    if prediction == "eps":
        return eps
    return x_0 if prediction == "x_0" else signal * eps - noise * x_0


def x_0_from(prediction: Prediction, output: Tensor, x_t: Tensor, signal: Tensor, noise: Tensor) -> Tensor:
    """Return the x_0 that a network's output stands for.

    Args:
        prediction: which quantity `output` is.
        output, x_t: `(B, *X)`.
        signal, noise: s and n, broadcastable.
    """
    if prediction == "eps":
        return (x_t - noise * output) / signal
    return output if prediction == "x_0" else signal * x_t - noise * output
