"""A feature extractor: what is looked at when draws of a model are compared with data."""

import abc
from typing import ClassVar

from torch import Tensor


class FeatureExtractor(abc.ABC):
    """A map from observations to points, between which distances mean something.

    The recipe names one as `eval.features`. Its constructor takes the `Splits` it may be fitted to and the
    `Accelerator` by position, and its keys by name. It is fitted to training data alone, and what is random about it
    comes from a seed among its keys.

    Attributes:
        slot: the kind of component it is.
        name: for the names of metrics, with what distinguishes it from others of its class: `pca64`.
        protocol: what the features are, in words.
    """

    slot: ClassVar[str] = "features"
    name: str
    protocol: str

    @abc.abstractmethod
    def features(self, x: Tensor) -> Tensor:
        """Return the features of observations, `(B, F)` in float64, those of each independent of the others.

        Args:
            x: `(B, *X)`, in the data's own values, on the accelerator's device.
        """
