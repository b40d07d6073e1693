import pytest
import torch
from genlab_ddpm.linear import Linear
from genlab_ddpm.timesteps import most_visits, spread_over_batch, stratified, where_the_bound_is
from linear_gaussian_diffusion import seeded

SHARES = torch.tensor([0.5, 0.1, 0.15, 0.25], dtype=torch.float64)


def test_each_stratum_gives_one() -> None:
    index, _ = stratified(SHARES, 4, 50, generator=seeded())
    assert index.shape == (4, 50)
    assert index[:2].max() == 0
    assert set(index[2].tolist()) == {1, 2}
    assert index[3].min() == 3


def test_a_batch_is_spread_evenly() -> None:
    uniform = torch.full((1000,), 1e-3, dtype=torch.float64)
    gaps = spread_over_batch(uniform, 128, generator=seeded())[0].sort().values.diff()
    assert gaps.min() >= 7
    assert gaps.max() <= 8


@pytest.mark.parametrize(("num_entries", "batch_size"), [(10, 7), (10, 10), (10, 25), (3, 64)])
def test_no_entry_is_visited_more_often_than_said(num_entries: int, batch_size: int) -> None:
    uniform, generator = torch.full((num_entries,), 1 / num_entries, dtype=torch.float64), seeded()
    batches = [spread_over_batch(uniform, batch_size, generator=generator)[0] for _ in range(300)]
    most = max(index.bincount(minlength=num_entries).max().item() for index in batches)
    assert most <= most_visits(num_entries, batch_size) <= batch_size // num_entries + 1


def test_every_single_draw_has_the_law_it_is_weighted_by() -> None:
    generator = seeded()
    over_batch = [spread_over_batch(SHARES, 5, generator=generator) for _ in range(4000)]
    over_strata = [stratified(SHARES, 3, 5, generator=generator) for _ in range(4000)]
    for index, weight in over_batch:
        assert torch.allclose(weight, 1 / SHARES[index])
    counts = torch.stack([torch.stack([(index == k).double() for index, _ in over_batch]).mean(0) for k in range(4)])
    assert torch.allclose(counts, SHARES[:, None].expand(4, 5), atol=0.03)
    # However often an entry is visited, its weights sum to one on average.
    for k in range(4):
        visits = torch.stack([((index == k) * weight).sum(0) for index, weight in over_strata])
        assert torch.allclose(visits.mean(0), torch.ones(5, dtype=torch.float64), atol=0.05)


def test_visits_go_where_standard_normal_data_spend_the_bound() -> None:
    beta = Linear(1000, 2 / 16).betas()
    alpha_bar = torch.cumprod(1 - beta, 0)
    shares = where_the_bound_is(torch.log1p(-alpha_bar))
    before = alpha_bar[:-1]
    # L_{t-1} for x_0 ~ N(0, 1) and the optimal denoiser, whose squared error is 1 - alpha_bar.
    kl = 0.5 * (before / (1 - before) - alpha_bar[1:] / (1 - alpha_bar[1:])) * (1 - alpha_bar[1:])
    ratio = (kl / shares[1:] / kl.sum())[:500]
    assert shares.sum().item() == pytest.approx(1)
    assert ratio.min() > 0.4
    assert ratio.max() < 2
    assert (1 / shares).max() < 10_001


def test_one_timestep_takes_everything() -> None:
    assert where_the_bound_is(torch.tensor([-0.1])).tolist() == [1.0]


def test_the_generator_decides() -> None:
    first, second = (stratified(SHARES, 4, 6, generator=seeded(3)) for _ in range(2))
    assert torch.equal(first[0], second[0])


def test_the_first_timestep_keeps_its_share_where_steps_are_short() -> None:
    # The log-SNR falls by the same little at every step: L_0 is then no more like L_1.
    alpha_bar = torch.linspace(7, -10, 1000, dtype=torch.float64).sigmoid()
    assert where_the_bound_is(torch.log1p(-alpha_bar))[0] > 0.05
