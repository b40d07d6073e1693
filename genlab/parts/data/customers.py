"""Simulated customers, each with one number: what they spend.

    pi ~ Dirichlet(alpha)           mu_k ~ N(0, s0^2)               k = 1..K
    z_i ~ Categorical(pi)           x_i | z_i = k ~ N(mu_k, sigma^2)      i = 1..N

Weights or means that are given are taken as they are. What was drawn is kept as the data set's truth, so that a
fitted mixture can be held against it.
"""

import math
from typing import Any

import numpy as np
import torch

from genlab.data.splitting import Fractions, check_fractions, split_indices
from genlab.data.tensor_split import TensorSplit
from genlab.errors import IncompatibleError
from genlab.interfaces.constraints import NonNegativeInt, PositiveFloat, PositiveInt, UnitFloat
from genlab.interfaces.data_source import DataSource, DataSpec, Splits


class Customers(DataSource):
    """Draw customers from a mixture of Gaussians that is known.

    The truth holds `weights` and `means` (lists of K numbers), `noise_scale`, and `assignments`: the component of
    each training example, `(N,)` in the order of the training split. No labels: who belongs where is not observed.

    >>> splits = Customers(num_customers=100, means=(-5.0, 0.0, 5.0)).load()
    >>> splits.spec.event_shape, len(splits.train), splits.truth["means"]
    ((1,), 80, [-5.0, 0.0, 5.0])
    """

    def __init__(  # noqa: PLR0913 - the simulation's six numbers, and the five every source has
        self,
        *,
        num_customers: PositiveInt = 1000,
        components: PositiveInt = 3,
        weights: tuple[UnitFloat, ...] | None = None,
        means: tuple[float, ...] | None = None,
        concentration: PositiveFloat = 5.0,
        mean_scale: PositiveFloat = 5.0,
        noise_scale: PositiveFloat = 1.0,
        data_seed: NonNegativeInt = 0,
        batch_size: PositiveInt = 128,
        split: Fractions = (0.8, 0.1, 0.1),
        split_seed: NonNegativeInt = 0,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            num_customers: N, how many are drawn, all parts together.
            components: K, how many kinds of customers there are.
            weights: pi, the share of each kind; by default drawn.
            means: mu, what each kind spends on average; by default drawn.
            concentration: alpha, how even drawn weights are: from 0, one kind takes all, up, all are equal.
            mean_scale: s0, the standard deviation of drawn means around 0.
            noise_scale: sigma, the standard deviation of a customer around the mean of its kind.
            data_seed: fixes every draw.
            batch_size: how many customers a training step reads.
            split: the shares of training, validation and test data.
            split_seed: fixes which customer goes where.

        Raises:
            IncompatibleError: when weights or means are not K, weights do not sum to 1, or shares do not.
        """
        check_fractions(split)
        _check_count("weights", weights, components)
        _check_count("means", means, components)
        if weights is not None and not math.isclose(sum(weights), 1, abs_tol=1e-6):
            raise IncompatibleError(f"data.weights must sum to 1, got {list(weights)}, which sum to {sum(weights):g}.")
        self.batch_size, self._split, self._split_seed = batch_size, split, split_seed
        self._num_customers, self._components, self._data_seed = num_customers, components, data_seed
        self._weights, self._means = weights, means
        self._concentration, self._mean_scale, self._noise_scale = concentration, mean_scale, noise_scale

    def load(self) -> Splits:
        """Draw the customers."""
        rng = np.random.default_rng(self._data_seed)
        # All four are drawn whatever is given, so that giving the means does not change who belongs where.
        weights = rng.dirichlet(np.full(self._components, self._concentration))
        means = rng.normal(0, self._mean_scale, self._components)
        if self._weights is not None:
            weights = np.asarray(self._weights) / sum(self._weights)
        if self._means is not None:
            means = np.asarray(self._means)
        assignments = rng.choice(self._components, self._num_customers, p=weights)
        x = rng.normal(means[assignments], self._noise_scale).astype(np.float32)

        whole = TensorSplit(torch.from_numpy(x).unsqueeze(1))
        parts = split_indices(len(whole), self._split, self._split_seed)
        train, validation, test = (whole.subset(indices) for indices in parts)
        truth: dict[str, Any] = {
            "weights": weights.tolist(),
            "means": means.tolist(),
            "noise_scale": self._noise_scale,
            "assignments": torch.from_numpy(assignments)[parts[0]],
        }
        return Splits(DataSpec("customers", (1,), len(train)), train, validation, test, truth)


def _check_count(name: str, values: tuple[float, ...] | None, components: int) -> None:
    if values is not None and len(values) != components:
        raise IncompatibleError(
            f"data.{name} must be one for each of the {components} components, got {len(values)}. "
            f"Set data.components to the number of {name}."
        )
