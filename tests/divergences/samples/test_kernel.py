import pytest
import torch
from sklearn.metrics import pairwise

from genlab.divergences.samples import Gaussian, Laplacian, Polynomial, Sum, median_distance
from genlab.errors import UsageError


def points(count: int, seed: int) -> torch.Tensor:
    return torch.randn(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


X, Y = points(6, 0), points(4, 1)


def test_kernels_are_those_of_another_library():
    torch.testing.assert_close(Gaussian(1.7)(X, Y), torch.tensor(pairwise.rbf_kernel(X, Y, gamma=1 / (2 * 1.7**2))))
    torch.testing.assert_close(Laplacian(1.7)(X, Y), torch.tensor(pairwise.laplacian_kernel(X, Y, gamma=1 / 1.7)))
    torch.testing.assert_close(Polynomial(3)(X, Y), torch.tensor(pairwise.polynomial_kernel(X, Y, degree=3)))
    torch.testing.assert_close(Sum((Gaussian(1.0), Gaussian(2.0)))(X, Y), Gaussian(1.0)(X, Y) + Gaussian(2.0)(X, Y))


@pytest.mark.parametrize("kernel", [Gaussian(0.8), Laplacian(0.8), Polynomial(2), Sum((Gaussian(1.0), Laplacian(1.0)))])
def test_kernels_are_symmetric_and_positive_semidefinite(kernel):
    gram = kernel(X, X)
    torch.testing.assert_close(gram, gram.mT)
    assert torch.linalg.eigvalsh(gram).min() > -1e-12


def test_a_kernel_keeps_its_digits_far_from_the_origin():
    torch.testing.assert_close(Gaussian(1.7)(X + 1e6, Y + 1e6), Gaussian(1.7)(X, Y), rtol=1e-6, atol=1e-9)


def test_the_median_distance_is_over_different_points_of_both_sets():
    x, y = torch.tensor([[0.0], [1.0]]), torch.tensor([[10.0]])
    assert median_distance(x, y) == 9  # of 1, 9 and 10


def test_bandwidths_and_degrees_are_positive():
    for make in (lambda: Gaussian(0.0), lambda: Laplacian(-1.0), lambda: Polynomial(0)):
        with pytest.raises(UsageError, match="must be positive"):
            make()
    with pytest.raises(UsageError, match="at least one kernel"):
        Sum(())
