"""The observations themselves as features."""

from torch import Tensor

from genlab.interfaces.accelerator import Accelerator
from genlab.interfaces.data_source import Splits
from genlab.interfaces.feature_extractor import FeatureExtractor
from genlab.parts.features.scaling import scaling_of


class Raw(FeatureExtractor):
    """Every pixel from 0 to 1, or every column in its standard deviations."""

    def __init__(self, data: Splits, accelerator: Accelerator, /) -> None:
        """Make one.

        Raises:
            IncompatibleError: when values are missing.
        """
        self._scaling = scaling_of(data, accelerator)
        self.name = "raw"
        self.protocol = f"the {data.spec.num_dims} dimensions of x, {self._scaling.words}"

    def features(self, x: Tensor) -> Tensor:
        """Return x as rows, scaled."""
        return self._scaling.rows(x)
