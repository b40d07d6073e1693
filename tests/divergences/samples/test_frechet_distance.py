import numpy as np
import pytest
import torch
from scipy import linalg
from torch.distributions import MultivariateNormal

from genlab.divergences import squared_wasserstein_2
from genlab.divergences.samples import frechet_distance
from genlab.errors import UsageError


def draws(count: int, columns: int, seed: int) -> torch.Tensor:
    source = torch.Generator().manual_seed(seed)
    mixing = torch.randn(columns, columns, dtype=torch.float64, generator=source)
    return torch.randn(count, columns, dtype=torch.float64, generator=source) @ mixing + seed


@pytest.mark.parametrize(("rows", "columns"), [(60, 3), (5, 8), (30, 30)])
def test_the_distance_is_the_one_of_the_covariances_roots(rows, columns):
    x, y = draws(rows, columns, 0), draws(rows + 2, columns, 1)
    covariances = [np.cov(one.numpy().T) for one in (x, y)]
    root = linalg.sqrtm(covariances[0])
    cross = np.trace(linalg.sqrtm(root @ covariances[1] @ root)).real
    expected = float((x.mean(0) - y.mean(0)).square().sum()) + np.trace(covariances[0] + covariances[1]) - 2 * cross
    assert float(frechet_distance(x, y)) == pytest.approx(expected, rel=1e-5)


def test_the_distance_is_the_wasserstein_distance_of_the_fitted_normals():
    x, y = draws(60, 3, 0), draws(50, 3, 1)
    q, p = (MultivariateNormal(one.mean(0), torch.cov(one.mT)) for one in (x, y))
    torch.testing.assert_close(frechet_distance(x, y), squared_wasserstein_2(q, p))


def test_a_set_is_at_no_distance_from_itself_in_any_order():
    x = draws(40, 3, 0)
    assert 0 <= frechet_distance(x, x.flip(0)) < 1e-12


@pytest.mark.parametrize(("rows", "columns"), [(9, 3), (3, 5)])
def test_gradients_reach_the_draws(rows, columns):
    leaves = [draws(rows, columns, seed).requires_grad_() for seed in (0, 1)]
    assert torch.autograd.gradcheck(frechet_distance, leaves, atol=1e-4, rtol=1e-3)


def test_sets_that_cannot_be_compared_are_an_error():
    with pytest.raises(UsageError, match="equally many columns"):
        frechet_distance(torch.ones(3, 2), torch.ones(3, 3))
