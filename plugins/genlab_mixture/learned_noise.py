"""Noise that is learned: each component has a variance of its own in each coordinate.

    tau ~ Gamma(a0, rate a0 scale^2)        mu given tau ~ N(m0, 1 / (kappa0 tau)),  kappa0 = scale^2 / s0^2

So E tau = 1 / scale^2, and where tau is that, mu has the prior standard deviation s0.
"""

from torch import Tensor

from genlab.interfaces.constraints import PositiveFloat
from genlab.interfaces.data_source import DataSpec
from genlab_mixture.components import Components
from genlab_mixture.learned import LearnedComponents
from genlab_mixture.noise import Noise, Scale


class LearnedNoise(Noise):
    """A variance for each component and coordinate, with a Normal-Gamma prior."""

    def __init__(self, *, scale: Scale, shape: PositiveFloat = 1.0) -> None:
        """Make one from a recipe's keys.

        Args:
            scale: the standard deviation expected of x around its component's mean, one number or D.
            shape: how sure that is: the prior counts as much as 2 * shape observations of the variance.
        """
        self.scale, self.shape = scale, shape

    def prior(self, spec: DataSpec, mean_loc: Tensor, mean_scale: Tensor, num_components: int) -> Components:
        """Return tau ~ Gamma(a0, a0 scale^2), mu given tau ~ N(m0, 1 / (kappa0 tau))."""
        var = self.scales(spec).square()
        values = (mean_loc, var / mean_scale.square(), var.new_full(var.shape, self.shape), self.shape * var)
        mean, kappa, shape, rate = (value.repeat(num_components, 1) for value in values)
        return LearnedComponents(mean, kappa, shape, rate, origin=mean_loc)
