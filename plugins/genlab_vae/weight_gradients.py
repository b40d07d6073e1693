"""The gradients that ship for L_k = E log 1/k sum_i w_i, with z_i = z(eps_i, phi) and v_i = w_i / sum_j w_j.

    reparameterized          sum_i v_i   d/dphi log w_i
    sticking-the-landing     sum_i v_i   (d log w_i / dz_i) (dz_i / dphi)
    doubly-reparameterized   sum_i v_i^2 (d log w_i / dz_i) (dz_i / dphi)

The first differentiates the estimate. It contains the score of q, -sum_i v_i d/dphi log q(z_i given x) with z_i held,
which is noise: at k = 1 its mean is zero and the second leaves it out, so that at the exact posterior nothing is left
of the gradient's variance. At k > 1 the mean of the score is not zero, the second is biased, and the third is the first
with the score written as a derivative along z. With the third, the signal-to-noise ratio of the gradient of phi does
not fall as k grows, as that of the first does. The gradient of the model's parameters is the same in all three.

Reference: Roeder, Wu & Duvenaud 2017, eq. 8; Tucker et al. 2019, eq. 6 and section 4; Rainforth et al. 2018.
"""

from dataclasses import fields, is_dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from genlab.interfaces import LatentModel, Posterior
from genlab_vae.weight_gradient import WeightGradient


class Reparameterized(WeightGradient):
    """Differentiate the estimate itself."""

    on_average: ClassVar[bool] = False
    unbiased: ClassVar[bool] = True

    def log_weights(self, model: LatentModel, posterior: Posterior, x: Tensor, z: Any) -> Tensor:
        """Return the log weights, differentiable in everything."""
        return log_weights(model, posterior, x, z)


class StickingTheLanding(WeightGradient):
    """Leave the score of q out: the path through z alone."""

    on_average: ClassVar[bool] = True
    unbiased: ClassVar[bool] = False

    def log_weights(self, model: LatentModel, posterior: Posterior, x: Tensor, z: Any) -> Tensor:
        """Return the log weights, with q differentiable in z alone."""
        return _log_joint(model, x, z) - held_log_prob(posterior, z)


class DoublyReparameterized(WeightGradient):
    """Write the score of q as a derivative along z too."""

    on_average: ClassVar[bool] = True
    unbiased: ClassVar[bool] = True

    def log_weights(self, model: LatentModel, posterior: Posterior, x: Tensor, z: Any) -> Tensor:
        """Return the log weights, whose gradient is scaled by each weight's share once more on its way into z."""
        shares: list[Tensor] = []

        def scale(gradient: Tensor) -> Tensor:
            return gradient * shares[0].reshape(*shares[0].shape, *[1] * (gradient.ndim - 2))

        # Views, for a hook on z itself would also meet what one latent tensor adds to another inside the posterior.
        views = [value.view_as(value) for value in _tensors(z)]
        for view in views:
            if view.requires_grad:
                view.register_hook(scale)  # type: ignore[no-untyped-call]
        scaled = _with_tensors(z, views)
        weights = _log_joint(model, x, scaled) - held_log_prob(posterior, scaled)
        shares.append(torch.softmax(weights.detach(), 0))
        return weights


def log_weights(model: LatentModel, posterior: Posterior, x: Tensor, z: Any) -> Tensor:
    """Return log p(x, z) - log q(z given x), `(S, B)`."""
    return _log_joint(model, x, z) - _sum(posterior.log_prob(z))


def held_log_prob(posterior: Posterior, z: Any) -> Tensor:
    """Return log q(z given x), `(S, B)`, differentiable in z and not in the parameters of q.

    It is the value and, as far as a first derivative can see, the plane that touches log q at z: so no posterior needs
    a second way to be written, and what is computed twice is log q, not the model.
    """
    values = _tensors(z)
    with torch.enable_grad():
        points = [value.detach().requires_grad_() for value in values]
        log_q = _sum(posterior.log_prob(_with_tensors(z, points)))
        slopes = torch.autograd.grad(log_q.sum(), points)
    held = log_q.detach()
    for value, slope in zip(values, slopes, strict=True):
        held = held + (slope * (value - value.detach())).flatten(2).sum(2)
    return held


def _log_joint(model: LatentModel, x: Tensor, z: Any) -> Tensor:
    return _sum(model.log_joint(x, z))


def _sum(factors: dict[str, Tensor]) -> Tensor:
    first, *others = factors.values()
    return sum(others, start=first)


def _tensors(z: Any) -> list[Tensor]:
    """Return z itself, or the tensors of a dataclass of several."""
    return [getattr(z, field.name) for field in fields(z)] if is_dataclass(z) else [z]


def _with_tensors(z: Any, values: list[Tensor]) -> Any:
    if not is_dataclass(z) or isinstance(z, type):
        return values[0]
    return replace(z, **{field.name: value for field, value in zip(fields(z), values, strict=True)})
