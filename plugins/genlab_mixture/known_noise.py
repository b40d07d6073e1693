"""Noise that is known: x given its component is N(mu, sigma^2), with mu ~ N(m0, s0^2)."""

from torch import Tensor

from genlab.interfaces.data_source import DataSpec
from genlab_mixture.components import Components
from genlab_mixture.known import KnownComponents
from genlab_mixture.noise import Noise, Scale


class KnownNoise(Noise):
    """The same known standard deviation in every component."""

    def __init__(self, *, scale: Scale) -> None:
        """Make one from a recipe's keys.

        Args:
            scale: sigma, the known standard deviation of x around its component's mean, one number or D.
        """
        self.scale = scale

    def prior(self, spec: DataSpec, mean_loc: Tensor, mean_scale: Tensor, num_components: int) -> Components:
        """Return mu ~ N(m0, s0^2)."""
        mean, var = (value.repeat(num_components, 1) for value in (mean_loc, mean_scale.square()))
        return KnownComponents(mean, var, origin=mean_loc, noise_scale=self.scales(spec))
