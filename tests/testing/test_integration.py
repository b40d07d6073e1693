"""Integrals over one or two real numbers."""

import math

import pytest
import torch

from genlab.testing.integration import grid_around, log_total


@pytest.mark.parametrize("shape", [(), (1,), (2,), (1, 2)])
def test_a_normal_density_integrates_to_one_whatever_the_shape_of_its_argument(shape: tuple[int, ...]) -> None:
    draws = torch.randn((50, *shape), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    dims = tuple(range(1, 1 + len(shape)))

    def log_density(y: torch.Tensor) -> torch.Tensor:
        terms = -0.5 * (y.square() + math.log(2 * math.pi))
        return terms.sum(dims) if dims else terms

    assert log_total(grid_around(draws), log_density) == pytest.approx(0.0, abs=1e-8)
