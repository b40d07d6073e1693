"""Small data for check recipes, of any shape, so that sums over all x and quadratures are possible."""

import torch
from torch import Tensor

from genlab.data.tensor_split import TensorSplit
from genlab.interfaces.constraints import NonNegativeInt, PositiveFloat, PositiveInt
from genlab.interfaces.data_source import DataSource, DataSpec, Splits


class RandomReals(DataSource):
    """Independent normal numbers with mean 0.

    >>> RandomReals(shape=(2,)).load().spec.event_shape
    (2,)
    """

    def __init__(
        self,
        *,
        shape: tuple[PositiveInt, ...] = (1,),
        scale: PositiveFloat = 1.0,
        num_train: PositiveInt = 24,
        batch_size: PositiveInt = 8,
        data_seed: NonNegativeInt = 0,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            shape: the shape of one observation.
            scale: the standard deviation of each number.
            num_train: how many training observations there are; a third as many for validation and test each.
            batch_size: how many a step reads.
            data_seed: fixes every number.
        """
        self.batch_size = batch_size
        self._shape, self._scale, self._num_train, self._data_seed = shape, scale, num_train, data_seed

    def load(self) -> Splits:
        """Draw the numbers."""
        generator = torch.Generator().manual_seed(self._data_seed)
        sizes = _sizes(self._num_train)
        x = torch.randn((sum(sizes), *self._shape), generator=generator) * self._scale
        return _split(x, sizes, DataSpec("random-reals", self._shape, self._num_train))


class RandomLevels(DataSource):
    """Independent integers 0..L-1, all equally likely.

    >>> RandomLevels(shape=(1, 2, 2), levels=3).load().spec.levels
    3
    """

    def __init__(
        self,
        *,
        shape: tuple[PositiveInt, ...] = (1,),
        levels: PositiveInt = 2,
        classes: PositiveInt | None = None,
        num_train: PositiveInt = 24,
        batch_size: PositiveInt = 8,
        data_seed: NonNegativeInt = 0,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            shape: the shape of one observation.
            levels: L.
            classes: how many labels there are, which say nothing of x; by default none.
            num_train: how many training observations there are; a third as many for validation and test each.
            batch_size: how many a step reads.
            data_seed: fixes every number.
        """
        self.batch_size = batch_size
        self._shape, self._levels, self._classes = shape, levels, classes
        self._num_train, self._data_seed = num_train, data_seed

    def load(self) -> Splits:
        """Draw the integers."""
        generator = torch.Generator().manual_seed(self._data_seed)
        sizes = _sizes(self._num_train)
        x = torch.randint(self._levels, (sum(sizes), *self._shape), generator=generator)
        y = None if self._classes is None else torch.randint(self._classes, (len(x),), generator=generator)
        levels, classes = self._levels, self._classes
        return _split(x, sizes, DataSpec("random-levels", self._shape, self._num_train, levels, classes), y)


def _sizes(num_train: int) -> tuple[int, int, int]:
    held_out = max(1, num_train // 3)
    return num_train, held_out, held_out


def _split(x: Tensor, sizes: tuple[int, int, int], spec: DataSpec, y: Tensor | None = None) -> Splits:
    whole = TensorSplit(x, y)
    train, validation, test = (whole.subset(indices) for indices in torch.split(torch.arange(len(x)), list(sizes)))
    return Splits(spec, train, validation, test)
