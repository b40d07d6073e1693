import pytest
import torch
from scipy.stats import mannwhitneyu
from sklearn.neighbors import NearestNeighbors

from genlab.divergences.samples import copying
from genlab.errors import UsageError


def draws(count: int, seed: int) -> torch.Tensor:
    return torch.randn(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_it_is_the_mann_whitney_statistic_over_the_number_of_pairs():
    training, held_out = draws(100, 0), draws(30, 1)
    generated = torch.cat([draws(20, 2), held_out[:15]])
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(training.numpy())
    distances = [search.kneighbors(x.numpy())[0][:, 0] for x in (held_out, generated)]
    expected = mannwhitneyu(*distances).statistic / (30 * 35)
    assert copying(generated, held_out, training) == pytest.approx(expected, abs=1e-12)


def test_new_draws_copy_no_more_than_held_out_ones():
    values = torch.tensor([copying(draws(50, 3 * s), draws(50, 3 * s + 1), draws(80, 3 * s + 2)) for s in range(60)])
    assert (values.mean() - 0.5).abs() < 5 * values.std() / 60**0.5


def test_repeated_training_points_are_found():
    training = draws(80, 0)
    noise = 1e-3 * draws(40, 1)
    assert copying(training[:40] + noise, draws(50, 2), training) == 1
    half = torch.cat([training[:40], draws(40, 3)])
    assert copying(half, draws(50, 2), training) > 0.65


def test_points_far_from_all_are_below_a_half():
    assert copying(draws(40, 0) + 20, draws(40, 1), draws(80, 2)) == 0


def test_sets_of_other_columns_are_an_error():
    with pytest.raises(UsageError, match="equally many columns"):
        copying(draws(4, 0), draws(4, 1), draws(4, 2)[:, :2])
