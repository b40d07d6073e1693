import pytest
import torch
from genlab_mixture.coordinates import Positive, PositiveDefinite, Real

from genlab.errors import NonFiniteError

SPREAD = torch.tensor([[4.0, 1.0], [1.0, 2.0]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("coordinate", "value"), [(Real(), -SPREAD), (Positive(), SPREAD), (PositiveDefinite(), SPREAD)]
)
def test_free_coordinates_go_round(coordinate, value):
    torch.testing.assert_close(coordinate.value(coordinate.free(value)), value)


@pytest.mark.parametrize("coordinate", [Positive(), PositiveDefinite()])
def test_any_real_numbers_give_a_value_of_the_domain(coordinate):
    free = torch.randn(5, 2, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    value = coordinate.value(free)
    smallest = value if isinstance(coordinate, Positive) else torch.linalg.eigvalsh(value)
    assert smallest.min().item() > 0


def test_a_matrix_that_rounding_has_spoilt_is_an_error_with_a_way_out():
    with pytest.raises(NonFiniteError, match=r"must be positive definite, .* Give a mean_loc near the data"):
        PositiveDefinite().free(torch.tensor([[1.0, 1.0], [1.0, 1.0 - 1e-9]], dtype=torch.float64))
