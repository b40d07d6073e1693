"""Factor analyses with random parameters, in float64."""

from collections.abc import Iterator

import pytest
import torch
from building import Build
from genlab.interfaces import Splits
from genlab.testing import InMemoryTraining

from genlab_factor_analysis.model import FactorAnalysis
from genlab_factor_analysis.simulated_factors import SimulatedFactors


@pytest.fixture
def float64() -> Iterator[None]:
    """Make and keep every number in float64."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.fixture
def splits() -> Splits:
    return SimulatedFactors(observations=500, columns=6, factors=2).load()


@pytest.fixture
def build(splits: Splits) -> Build:
    """Return a function that builds a model with random parameters."""

    def build_one(seed: int = 0, factors: int = 3, **keys: float) -> FactorAnalysis:
        model = FactorAnalysis(splits, factors=factors, **keys)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
        return model

    return build_one


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def x(splits: Splits, generator: torch.Generator) -> torch.Tensor:
    """Return ten observations, `(10, 6)`."""
    return next(iter(splits.train.batches([torch.arange(10)], generator))).x


@pytest.fixture
def data(splits: Splits) -> InMemoryTraining:
    return InMemoryTraining(splits.train, batch_size=150)
