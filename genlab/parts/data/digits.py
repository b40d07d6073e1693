"""1,797 handwritten digits of 8x8 pixels, shipped with genlab; `digits.md` beside this file says whose they are."""

from pathlib import Path

import numpy as np
import torch

from genlab.data.splitting import Fractions, check_fractions, split_indices
from genlab.interfaces.constraints import NonNegativeInt, PositiveInt
from genlab.interfaces.data_source import DataSource, DataSpec, Splits
from genlab.parts.data.binarize import Binarization, binarized_spec, binarized_split

_FILE = Path(__file__).with_name("digits.npz")
_LEVELS = 17
"""A pixel counts the ink in a block of 4x4 finer ones: 0 to 16."""


class Digits(DataSource):
    """The test set of the Optical Recognition of Handwritten Digits, in levels 0..16.

    >>> spec = Digits().load().spec
    >>> spec.event_shape, spec.num_train, spec.levels
    ((1, 8, 8), 1437, 17)
    """

    def __init__(
        self,
        *,
        batch_size: PositiveInt = 128,
        binarize: Binarization = "none",
        split: Fractions = (0.8, 0.1, 0.1),
        split_seed: NonNegativeInt = 0,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            batch_size: how many digits a training step reads.
            binarize: none keeps the 17 levels; threshold, static (drawn once) and dynamic (drawn each time) leave 2.
            split: the shares of training, validation and test data.
            split_seed: fixes which digit goes where.

        Raises:
            IncompatibleError: when the shares do not sum to 1.
        """
        check_fractions(split)
        self.batch_size, self._binarize, self._split, self._split_seed = batch_size, binarize, split, split_seed

    def load(self) -> Splits:
        """Read the file."""
        with np.load(_FILE, allow_pickle=False) as arrays:
            x = torch.from_numpy(arrays["x"]).unsqueeze(1)
            y = torch.from_numpy(arrays["y"]).long()
        # Drawn before splitting: a digit looks the same whichever part it falls into.
        whole = binarized_split(x, y, _LEVELS, self._binarize, seed=0)
        parts = split_indices(len(whole), self._split, self._split_seed)
        train, validation, test = (whole.subset(indices) for indices in parts)
        spec = DataSpec("digits", (1, 8, 8), len(train), _LEVELS, 10)
        return Splits(binarized_spec(spec, self._binarize), train, validation, test)
