import pytest
import torch
from genlab_ddpm.timesteps import spread_over_batch, stratified
from linear_gaussian_diffusion import seeded


def test_as_many_strata_as_timesteps_visit_each_once() -> None:
    for seed in range(20):
        t = stratified(2, 1000, 999, 3, generator=seeded(seed))
        assert torch.equal(t, torch.arange(2, 1001)[:, None].expand(999, 3))


def test_each_stratum_gives_one() -> None:
    t = stratified(1, 100, 4, 50, generator=seeded())
    assert t.shape == (4, 50)
    for stratum in range(4):
        assert t[stratum].min() > 25 * stratum
        assert t[stratum].max() <= 25 * (stratum + 1)


def test_a_batch_is_spread_evenly() -> None:
    t = spread_over_batch(1000, 128, generator=seeded())
    gaps = t.sort().values.diff()
    assert gaps.min() >= 7
    assert gaps.max() <= 8


@pytest.mark.parametrize("last", [1, 7])
def test_every_example_s_timestep_is_uniform(last: int) -> None:
    generator = seeded()
    draws = torch.stack([spread_over_batch(last, 5, generator=generator) for _ in range(4000)])
    strata = torch.stack([stratified(1, last, 3, 5, generator=generator) for _ in range(4000)]).flatten(0, 1)
    for sample in (draws, strata):
        counts = torch.stack([(sample == t).double().mean(0) for t in range(1, last + 1)])
        assert counts.sum(0).tolist() == pytest.approx([1.0] * 5)
        assert torch.allclose(counts, torch.full_like(counts, 1 / last), atol=0.03)


def test_the_generator_decides() -> None:
    assert torch.equal(stratified(1, 50, 4, 6, generator=seeded(3)), stratified(1, 50, 4, 6, generator=seeded(3)))
