"""A table whose factors are known.

W_dj ~ N(0, s_W^2)      b_d ~ N(0, s_b^2)      log sqrt(psi_d) uniform between the logs of two noise scales
z_i ~ N(0, I_J)         x_i given z_i ~ N(W z_i + b, Psi)
"""

import math
from typing import Any

import torch
from genlab.data import Fractions, TensorSplit, check_fractions, split_indices
from genlab.errors import IncompatibleError
from genlab.interfaces import DataSource, DataSpec, Splits
from genlab.interfaces.constraints import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from torch import Tensor


class SimulatedFactors(DataSource):
    """Draw observations from a factor analysis that is known.

    The truth holds `loadings` (D lists of J numbers), `loc` and `noise_scale` (lists of D numbers), and
    `log_evidence_nats`: the mean of log p(x) over all x, which no model exceeds on new data but by chance.

    >>> splits = SimulatedFactors(observations=100, columns=4, factors=1).load()
    >>> splits.spec.event_shape, len(splits.train), len(splits.truth["noise_scale"])
    ((4,), 80, 4)
    """

    def __init__(
        self,
        *,
        observations: PositiveInt = 1000,
        columns: PositiveInt = 8,
        factors: PositiveInt = 2,
        loading_scale: NonNegativeFloat = 1.0,
        noise_scales: tuple[PositiveFloat, PositiveFloat] = (0.3, 1.0),
        loc_scale: NonNegativeFloat = 1.0,
        data_seed: NonNegativeInt = 0,
        batch_size: PositiveInt = 128,
        split: Fractions = (0.8, 0.1, 0.1),
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            observations: N, how many are drawn, all parts together.
            columns: D, how many numbers one has.
            factors: J, how many factors are behind them.
            loading_scale: s_W, the standard deviation of the loadings.
            noise_scales: the smallest and the largest standard deviation of a column's noise.
            loc_scale: s_b, the standard deviation of the columns' means.
            data_seed: fixes every draw.
            batch_size: how many observations a training step reads.
            split: the shares of training, validation and test data.

        Raises:
            IncompatibleError: when the shares do not sum to 1, or the noise scales are not in order.
        """
        check_fractions(split)
        if noise_scales[0] > noise_scales[1]:
            raise IncompatibleError(f"data.noise_scales must not fall, got {list(noise_scales)}. Swap them.")
        self.batch_size, self._split, self._data_seed = batch_size, split, data_seed
        self._num_rows, self._num_columns, self._num_factors = observations, columns, factors
        self._loading_scale, self._noise_scales, self._loc_scale = loading_scale, noise_scales, loc_scale

    def load(self) -> Splits:
        """Draw the observations.

        Raises:
            DataError: when none is left for training.
        """
        generator = torch.Generator().manual_seed(self._data_seed)

        def normal(*shape: int) -> Tensor:
            return torch.randn(shape, generator=generator, dtype=torch.float64)

        low, high = (math.log(scale) for scale in self._noise_scales)
        loadings = self._loading_scale * normal(self._num_columns, self._num_factors)
        loc = self._loc_scale * normal(self._num_columns)
        level = torch.rand(self._num_columns, generator=generator, dtype=torch.float64)
        noise_scale = torch.exp(low + (high - low) * level)
        z, eps = normal(self._num_rows, self._num_factors), normal(self._num_rows, self._num_columns)
        x = (z @ loadings.T + loc + noise_scale * eps).to(torch.get_default_dtype())

        rows = TensorSplit(x, dtype=x.dtype)
        parts = split_indices(len(rows), self._split, self._data_seed)
        train, validation, test = (rows.subset(indices) for indices in parts)
        spec = DataSpec("simulated-factors", (self._num_columns,), len(train))
        return Splits(spec, train, validation, test, _truth(loadings, loc, noise_scale))


def _truth(loadings: Tensor, loc: Tensor, noise_scale: Tensor) -> dict[str, Any]:
    covariance = loadings @ loadings.T + noise_scale.square().diag()
    entropy = 0.5 * (len(loc) * math.log(2 * math.pi * math.e) + torch.linalg.slogdet(covariance).logabsdet.item())
    return {
        "loadings": loadings.tolist(),
        "loc": loc.tolist(),
        "noise_scale": noise_scale.tolist(),
        "log_evidence_nats": -entropy,
    }
