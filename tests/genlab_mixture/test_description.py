"""What q says of each number, against scipy's marginals and against draws."""

from typing import Any

import numpy as np
import pytest
import torch
from genlab_mixture.description import describe
from genlab_mixture.factors import GlobalFactors
from genlab_mixture.full import FullComponents
from genlab_mixture.known import KnownComponents
from genlab_mixture.learned import LearnedComponents
from scipy import stats

TWO = torch.float64
MEAN = torch.tensor([[1.0, -2.0], [4.0, 0.5]], dtype=TWO)
ORIGIN = torch.zeros(2, dtype=TWO)
CONCENTRATION = torch.tensor([3.0, 8.0], dtype=TWO)


def known() -> KnownComponents:
    var = torch.tensor([[0.2, 0.4], [0.1, 0.9]], dtype=TWO)
    return KnownComponents(MEAN, var, origin=ORIGIN, noise_scale=torch.ones(2, dtype=TWO))


def learned() -> LearnedComponents:
    shape, rate = torch.tensor([[3.0, 4.0], [2.5, 9.0]], dtype=TWO), torch.tensor([[2.0, 1.0], [5.0, 3.0]], dtype=TWO)
    return LearnedComponents(MEAN, 2 + shape, shape, rate, origin=ORIGIN)


def full() -> FullComponents:
    scatter = torch.tensor([[[3.0, 1.0], [1.0, 2.0]], [[5.0, -1.0], [-1.0, 4.0]]], dtype=TWO)
    kappa, shape = torch.tensor([2.0, 3.0], dtype=TWO), torch.tensor([4.0, 5.0], dtype=TWO)
    return FullComponents(MEAN, kappa=kappa, shape=shape, scatter=scatter, origin=ORIGIN)


def rows(components: Any, truth: dict[str, Any] | None = None, interval: float = 0.9) -> dict[str, Any]:
    found = describe(GlobalFactors(CONCENTRATION, components), interval, truth or {})
    return {row.name: row for row in found}


def test_a_weight_is_a_beta() -> None:
    row, law = rows(known())["weights[0]"], stats.beta(3, 8)
    assert (row.mean, row.std) == (pytest.approx(law.mean()), pytest.approx(law.std()))
    assert (row.low, row.high) == (pytest.approx(law.ppf(0.05), rel=1e-4), pytest.approx(law.ppf(0.95), rel=1e-4))


def test_a_mean_of_known_noise_is_normal() -> None:
    row, law = rows(known())["means[0, 1]"], stats.norm(-2, 0.4**0.5)
    assert (row.mean, row.std) == (pytest.approx(-2), pytest.approx(0.4**0.5))
    assert (row.low, row.high) == (pytest.approx(law.ppf(0.05)), pytest.approx(law.ppf(0.95)))
    assert not [name for name in rows(known()) if name.startswith("noise")]


@pytest.mark.parametrize("components", [learned(), full()], ids=["learned", "full"])
def test_means_and_noise_agree_with_draws(components: Any) -> None:
    drawn = components.draw(20_000, generator=torch.Generator().manual_seed(0))
    precisions = drawn.precisions
    if precisions.ndim == 4:
        scales = torch.linalg.inv(precisions).diagonal(dim1=-2, dim2=-1).sqrt()
    else:
        scales = precisions.rsqrt()
    found = rows(components)
    for name, draws in (("means", drawn.means), ("noise_scales", scales)):
        for k in range(2):
            for d in range(2):
                row, sample = found[f"{name}[{k}, {d}]"], draws[:, k, d].numpy()
                error = 5 * sample.std() / 20_000**0.5
                assert row.mean == pytest.approx(sample.mean(), abs=error)
                assert row.std == pytest.approx(sample.std(), rel=0.08)
                inside = ((sample > row.low) & (sample < row.high)).mean()
                assert inside == pytest.approx(0.9, abs=0.015)


def test_coordinates_wear_the_names_of_their_columns() -> None:
    factors = GlobalFactors(torch.ones(2, dtype=torch.float64), learned())
    names = [row.name for row in describe(factors, 0.9, {}, ("height", "weight"))]
    assert names[2:5] == ["means[0, height]", "means[0, weight]", "means[1, height]"]
    assert names[-1] == "noise_scales[1, weight]"


def test_the_truth_is_matched_whatever_its_order() -> None:
    truth = {"weights": [0.7, 0.3], "means": [[4.1, 0.4], [0.9, -2.2]], "noise_scale": 1.5}
    found = rows(learned(), truth)
    assert (found["weights[0]"].true, found["weights[1]"].true) == (0.3, 0.7)
    assert (found["means[0, 0]"].true, found["means[1, 1]"].true) == (0.9, 0.4)
    assert found["noise_scales[1, 0]"].true == 1.5


def test_a_truth_of_another_number_of_components_is_left_out() -> None:
    assert {row.true for row in rows(known(), {"weights": [1.0], "means": [[0.0, 0.0]]}).values()} == {None}


def test_one_component_has_all_the_weight() -> None:
    components = KnownComponents(MEAN[:1], MEAN[:1].abs(), origin=ORIGIN, noise_scale=torch.ones(2, dtype=TWO))
    row = describe(GlobalFactors(CONCENTRATION[:1], components), 0.9, {})[0]
    assert (row.name, row.mean, row.std, row.low, row.high) == ("weights[0]", 1, 0, 1, 1)


def test_no_moment_is_a_false_one_where_it_does_not_exist() -> None:
    components = LearnedComponents(MEAN, MEAN.abs(), MEAN.abs() * 0 + 0.9, MEAN.abs(), origin=ORIGIN)
    found = rows(components)
    assert found["means[0, 0]"].std == np.inf
    assert found["noise_scales[0, 0]"].std == np.inf
    assert np.isfinite(found["noise_scales[0, 0]"].mean)
