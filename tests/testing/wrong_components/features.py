"""Feature extractors with one fault each: the observations themselves gone wrong."""

import torch
from torch import Tensor

from genlab.interfaces import Accelerator, Splits
from genlab.parts.features.raw import Raw


class SinglePrecision(Raw):
    """Answers in float32."""

    def features(self, x: Tensor) -> Tensor:
        return super().features(x).float()


class OneFeatureAnObservation(Raw):
    """Compares each observation with the others of its batch: as many features as there are observations."""

    def features(self, x: Tensor) -> Tensor:
        rows = super().features(x)
        return torch.cdist(rows, rows)


class LogOfZero(Raw):
    """Looks at logarithms."""

    def features(self, x: Tensor) -> Tensor:
        return x.flatten(1).double().abs().log()


class SeesNothing(Raw):
    """Finds all observations alike."""

    def features(self, x: Tensor) -> Tensor:
        return torch.ones_like(super().features(x))


class BatchNormalised(Raw):
    """Takes away the mean of the batch."""

    def features(self, x: Tensor) -> Tensor:
        rows = super().features(x)
        return rows - rows.mean(0)


class Dropout(Raw):
    """Leaves its dropout on."""

    def features(self, x: Tensor) -> Tensor:
        return torch.nn.functional.dropout(super().features(x), 0.5, training=True)


class GoesOnLearning(Raw):
    """Keeps a running mean of what it has seen."""

    mean: Tensor | float = 0.0

    def features(self, x: Tensor) -> Tensor:
        rows = super().features(x)
        self.mean = 0.9 * self.mean + 0.1 * rows.mean()
        return rows - self.mean


class RandomDirections(Raw):
    """Projects on directions that are others each time it is made."""

    def __init__(self, data: Splits, accelerator: Accelerator, /) -> None:
        """Make one."""
        super().__init__(data, accelerator)
        generator = torch.Generator()
        generator.seed()
        self._directions = torch.randn(data.spec.num_dims, 2, generator=generator, dtype=torch.float64)

    def features(self, x: Tensor) -> Tensor:
        return super().features(x) @ self._directions


class SeedsGlobally(Raw):
    """Projects on directions from a global generator, which it seeds."""

    def __init__(self, data: Splits, accelerator: Accelerator, /) -> None:
        """Make one."""
        super().__init__(data, accelerator)
        torch.manual_seed(0)
        self._directions = torch.randn(data.spec.num_dims, 2, dtype=torch.float64)

    def features(self, x: Tensor) -> Tensor:
        return super().features(x) @ self._directions


class FittedToTestData(Raw):
    """Standardizes by the test data."""

    def __init__(self, data: Splits, accelerator: Accelerator, /) -> None:
        """Make one."""
        super().__init__(data, accelerator)
        batches = data.test.in_order(len(data.test), accelerator.generator(0))
        self._center = next(batches).x.flatten(1).double().mean(0)

    def features(self, x: Tensor) -> Tensor:
        return super().features(x) - self._center


class InPlace(Raw):
    """Scales the observations where they stand."""

    def features(self, x: Tensor) -> Tensor:
        return super().features(x.mul_(0.5))


class NameOfTwoWords(Raw):
    """Has a name that is no part of a metric's."""

    def __init__(self, data: Splits, accelerator: Accelerator, /) -> None:
        """Make one."""
        super().__init__(data, accelerator)
        self.name = "Raw pixels"
