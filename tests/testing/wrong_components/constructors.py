"""Models whose constructor breaks a law of recipes."""

import math

from genlab.interfaces import DataSpec
from genlab.interfaces.constraints import PositiveFloat, PositiveInt
from genlab.testing.reference.linear_gaussian.model import LinearGaussian


class SilentKey(LinearGaussian):
    """Says nothing of one of its keys."""

    def __init__(self, spec: DataSpec, /, *, latent_dim: PositiveInt = 2, width: float = 1.0) -> None:
        """Make one from a recipe's keys.

        Args:
            latent_dim: J, the number of dimensions of z.
        """
        super().__init__(spec, latent_dim=latent_dim)


class NotANumber(LinearGaussian):
    """Has a default that is not equal to itself."""

    def __init__(self, spec: DataSpec, /, *, threshold: float = math.nan) -> None:
        """Make one from a recipe's keys.

        Args:
            threshold: of nothing.
        """
        super().__init__(spec)


class ImpossibleDefault(LinearGaussian):
    """Has a default that its own type refuses."""

    def __init__(self, spec: DataSpec, /, *, noise_scale: PositiveFloat = 0.0) -> None:
        """Make one from a recipe's keys.

        Args:
            noise_scale: the standard deviation of nothing.
        """
        super().__init__(spec)
