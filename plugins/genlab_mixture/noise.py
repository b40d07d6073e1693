"""The noise of a mixture: how observations scatter around their component's mean, and what is known of that.

Each kind takes `scale`, a standard deviation with one meaning in all of them: it is that of the noise where the
noise is known, and what the prior expects where it is learned (the precision of a coordinate is expected to be
1 / scale^2). So a recipe changes from one kind to another by changing `use`, and the prior standard deviation of the
means keeps its meaning.
"""

import abc
from typing import ClassVar

import torch
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces.constraints import PositiveFloat
from genlab.interfaces.data_source import DataSpec
from genlab_mixture.components import Components

Scale = PositiveFloat | tuple[PositiveFloat, ...]


class Noise(abc.ABC):
    """One kind of noise, which decides the law of the components' parameters.

    Attributes:
        slot: the key of the model's table that names it.
        scale: the standard deviation that is expected of it, one number or D.
    """

    slot: ClassVar[str] = "noise"
    scale: Scale

    @abc.abstractmethod
    def prior(self, spec: DataSpec, mean_loc: Tensor, mean_scale: Tensor, num_components: int) -> Components:
        """Return the prior of the components' parameters, in float64.

        Args:
            spec: the data's specification.
            mean_loc: m0, the prior mean of the means, `(D,)`.
            mean_scale: s0, their prior standard deviation, `(D,)`.
            num_components: K.

        Raises:
            IncompatibleError: when the data or the numbers do not fit this kind of noise.
        """

    def scales(self, spec: DataSpec) -> Tensor:
        """Return the expected standard deviation of each coordinate, `(D,)`."""
        return per_item("noise.scale", self.scale, spec.num_dims, f"columns of {spec.name}")


def per_item(name: str, value: float | tuple[float, ...], count: int, what: str) -> Tensor:
    """Return `(count,)` numbers in float64, from one number or from as many.

    Raises:
        IncompatibleError: for a list of another length.
    """
    values = value if isinstance(value, tuple) else (value,) * count
    if len(values) != count:
        raise IncompatibleError(
            f"{name} must be one number or {count}, the number of {what}, got {len(values)}. "
            "Give one number for all of them, or one for each."
        )
    return torch.tensor(values, dtype=torch.float64)
