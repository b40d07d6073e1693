import pytest
import torch

from genlab.divergences.samples import Polynomial, kernel_distance, squared_mmd
from genlab.errors import UsageError


def draws(count: int, seed: int, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(count, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) + shift


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_distance_is_zero_within_its_error_between_draws_of_one_distribution():
    values = [
        kernel_distance(draws(400, 2 * seed), draws(400, 2 * seed + 1), block_size=20, generator=generator())
        for seed in range(50)
    ]
    scores = torch.stack([one.value / one.standard_error for one in values])
    assert scores.mean().abs() < 5 / 50**0.5
    assert 0.7 < scores.std() < 1.4


def test_the_distance_of_shifted_draws_is_that_of_all_pairs():
    x, y = draws(3_000, 0), draws(3_000, 1, 0.5)
    estimate = kernel_distance(x, y, block_size=50, generator=generator())
    assert (estimate.value - squared_mmd(x, y, Polynomial(3))).abs() < 5 * estimate.standard_error
    assert estimate.value > 10 * estimate.standard_error
    assert estimate.num_samples == 3_000


def test_the_generator_decides_which_rows_meet():
    x, y = draws(40, 0), draws(40, 1)
    first, again, other = (kernel_distance(x, y, block_size=10, generator=generator(seed)).value for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("block_size", [0, 1, 21])
def test_two_blocks_must_fit(block_size):
    with pytest.raises(UsageError, match="fit twice into 40 rows"):
        kernel_distance(draws(40, 0), draws(50, 1), block_size=block_size, generator=generator())
