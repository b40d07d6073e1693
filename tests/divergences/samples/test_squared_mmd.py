import math

import pytest
import torch

from genlab.divergences.samples import Gaussian, Laplacian, Polynomial, squared_mmd, squared_mmd_biased
from genlab.errors import UsageError


def draws(count: int, seed: int, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(count, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) + shift


def exact_gaussian_mmd(shift: float, bandwidth: float) -> float:
    """E k over x - y ~ N(m, 2 I) in two dimensions is v exp(-|m|^2 v / (2 h^2)), v = h^2 / (h^2 + 2)."""
    shrink = bandwidth**2 / (bandwidth**2 + 2)
    return 2 * shrink * (1 - math.exp(-2 * shift**2 * shrink / (2 * bandwidth**2)))


@pytest.mark.parametrize("shift", [0.0, 0.7])
def test_the_estimate_without_the_diagonal_is_unbiased(shift):
    values = torch.stack([squared_mmd(draws(8, 2 * s), draws(5, 2 * s + 1, shift), Gaussian(1.3)) for s in range(2000)])
    assert (values.mean() - exact_gaussian_mmd(shift, 1.3)).abs() < 5 * values.std() / 2000**0.5
    assert values.min() < 0  # as an unbiased estimate of something near zero must be


@pytest.mark.parametrize("kernel", [Gaussian(1.0), Laplacian(1.0), Polynomial(3)])
def test_the_biased_estimate_is_a_squared_distance_of_sets(kernel):
    x, y = draws(20, 0), draws(30, 1, 0.2)
    assert squared_mmd_biased(x, y, kernel) > 0
    assert squared_mmd_biased(x, x, kernel).abs() < 1e-12
    torch.testing.assert_close(squared_mmd_biased(x, y, kernel), squared_mmd_biased(y, x, kernel))


def test_a_polynomial_of_degree_one_compares_means():
    x, y = draws(20, 0), draws(30, 1, 0.2)
    expected = (x.mean(0) - y.mean(0)).square().sum() / 2
    torch.testing.assert_close(squared_mmd_biased(x, y, Polynomial(1)), expected)


def test_gradients_reach_the_draws():
    x, y = draws(5, 0).requires_grad_(), draws(4, 1).requires_grad_()
    for estimate in (squared_mmd, squared_mmd_biased):
        assert torch.autograd.gradcheck(lambda x, y, of=estimate: of(x, y, Gaussian(1.0)), (x, y))


def test_sets_that_cannot_be_compared_are_an_error():
    for x, y in (
        (torch.ones(3), torch.ones(3)),
        (torch.ones(3, 2), torch.ones(3, 1)),
        (torch.ones(1, 2), torch.ones(3, 2)),
    ):
        with pytest.raises(UsageError, match="equally many columns"):
            squared_mmd(x, y, Gaussian(1.0))
