"""Noise of any covariance, learned: each component has a covariance matrix of its own.

    Lambda ~ Wishart(nu0, Psi0^-1),  nu0 = 2 a0 + D - 1,  Psi0 = 2 a0 diag(scale^2)
    mu given Lambda ~ N(m0, (kappa0 Lambda)^-1),  kappa0 = scale^2 / s0^2

The variance of each coordinate then has the prior that learned noise of the same `scale` and `shape` gives it.
"""

import torch
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces.constraints import PositiveFloat
from genlab.interfaces.data_source import DataSpec
from genlab_mixture.components import Components
from genlab_mixture.full import FullComponents
from genlab_mixture.noise import Noise, Scale


class FullNoise(Noise):
    """A covariance matrix for each component, with a Normal-Wishart prior."""

    def __init__(self, *, scale: Scale, shape: PositiveFloat = 1.0) -> None:
        """Make one from a recipe's keys.

        Args:
            scale: the standard deviation expected of x around its component's mean, one number or D.
            shape: how sure that is: the prior counts as much as 2 * shape observations of each variance.
        """
        self.scale, self.shape = scale, shape

    def prior(self, spec: DataSpec, mean_loc: Tensor, mean_scale: Tensor, num_components: int) -> Components:
        """Return Lambda ~ Wishart(nu0, Psi0^-1), mu given Lambda ~ N(m0, (kappa0 Lambda)^-1).

        Raises:
            IncompatibleError: where values are missing, or `mean_scale` is not one multiple of `noise.scale`.
        """
        if spec.missing:
            raise IncompatibleError(
                f"noise 'full' must observe every value, got {spec.name} with missing ones. Use noise 'learned' or "
                "'known', which leave them out of the account, or take those rows out."
            )
        var = self.scales(spec).square()
        kappa = var / mean_scale.square()
        if not torch.allclose(kappa, kappa[0]):
            ratios = [round(value, 6) for value in kappa.rsqrt().tolist()]
            raise IncompatibleError(
                f"mean_scale / noise.scale must be one number for all columns with noise 'full', got {ratios}. "
                "Give both in the same proportion, or use noise 'learned'."
            )
        return FullComponents(
            mean=mean_loc.repeat(num_components, 1),
            kappa=kappa[0].repeat(num_components),
            shape=var.new_full((num_components,), self.shape),
            scatter=torch.diag(2 * self.shape * var).repeat(num_components, 1, 1),
            origin=mean_loc,
        )
