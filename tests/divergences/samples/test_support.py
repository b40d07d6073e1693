import pytest
import torch

from genlab.divergences.samples import support_overlap
from genlab.errors import UsageError


def draws(count: int, seed: int, columns: int = 3) -> torch.Tensor:
    return torch.randn(count, columns, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def line(*places: float) -> torch.Tensor:
    return torch.tensor(places, dtype=torch.float64).unsqueeze(1)


def test_the_four_shares_of_points_on_a_line_are_those_counted_by_hand():
    # with k = 1 the balls of 0, 1, 10, 12 have radii 1, 1, 2, 2; those of 0.5, 2, 30, 35 have 1.5, 1.5, 5, 5
    overlap = support_overlap(line(0.5, 2, 30, 35), line(0, 1, 10, 12), num_neighbors=1)
    assert overlap.precision == 2 / 4  # 0.5 and 2
    assert overlap.recall == 2 / 4  # 0 and 1
    assert overlap.density == 3 / 4  # 0.5 is in the balls of 0 and 1, 2 is in that of 1
    assert overlap.coverage == 2 / 4  # 0 and 1


def test_points_that_are_the_reference_overlap_in_full():
    x = draws(60, 0) * 1e3 + 1e4
    overlap = support_overlap(x.flip(0), x)
    assert (overlap.precision, overlap.recall, overlap.coverage) == (1, 1, 1)
    # a point is in its own ball, and in as many others as have it among their three nearest
    assert overlap.density == pytest.approx(4 / 3)


def test_a_copy_of_points_that_are_there_several_times_is_in_their_balls_of_radius_zero():
    x = (draws(5, 0) * 1e3).repeat(5, 1) + 1e5
    assert support_overlap(x.flip(0), x).precision == 1


def test_sets_far_apart_do_not_overlap():
    overlap = support_overlap(draws(50, 0), draws(50, 1) + 100)
    assert overlap.precision == overlap.recall == overlap.density == overlap.coverage == 0


def test_one_mode_of_two_is_precise_and_recalls_half():
    reference = torch.cat([draws(200, 0), draws(200, 1) + 50])
    overlap = support_overlap(draws(400, 2), reference)
    assert overlap.precision > 0.8
    assert 0.35 < overlap.recall < 0.5
    assert 0.35 < overlap.coverage <= 0.5


def test_a_generated_outlier_raises_recall_and_not_coverage():
    reference = torch.cat([line(0.0, 0.1, 0.2, 0.3), line(5.0, 5.1, 5.2, 5.3)])
    near = line(0.0, 0.1, 0.2, 0.3, 0.05, 0.15, 0.25)
    with_outlier = torch.cat([near, line(100.0)])
    assert support_overlap(near, reference).recall == 0.5
    assert support_overlap(with_outlier, reference).recall == 1
    assert support_overlap(with_outlier, reference).coverage == 0.5


def test_density_is_one_on_average_within_one_distribution():
    values = [support_overlap(draws(200, 2 * seed), draws(200, 2 * seed + 1)).density for seed in range(40)]
    mean, std = torch.tensor(values).mean(), torch.tensor(values).std()
    assert (mean - 1).abs() < 5 * std / 40**0.5


def test_sets_that_cannot_be_compared_are_an_error():
    with pytest.raises(UsageError, match="equally many columns"):
        support_overlap(draws(10, 0), draws(10, 1, columns=2))
    with pytest.raises(UsageError, match="num_neighbors must be from 1 to 2"):
        support_overlap(draws(3, 0), draws(10, 1))
