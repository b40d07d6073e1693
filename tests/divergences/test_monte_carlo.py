import math

import pytest
import torch
from torch.distributions import (
    Categorical,
    Dirichlet,
    Exponential,
    Gamma,
    Independent,
    MixtureSameFamily,
    Normal,
    OneHotCategorical,
    Uniform,
    VonMises,
)

from genlab.divergences import (
    AmariAlpha,
    Renyi,
    bhattacharyya,
    chi_squared,
    jeffreys,
    jensen_shannon,
    kl,
    monte_carlo,
    squared_hellinger,
    total_variation,
    wasserstein_2,
)
from genlab.divergences.drawing import draw
from genlab.errors import UsageError

ALL = (
    kl,
    jeffreys,
    jensen_shannon,
    Renyi(0.5),
    Renyi(1.0),
    Renyi(1.5),
    AmariAlpha(-0.4),
    AmariAlpha(0.4),
    chi_squared,
    total_variation,
    squared_hellinger,
    bhattacharyya,
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(mean: float, scale: float) -> Normal:
    return Normal(torch.tensor(mean, dtype=torch.float64), torch.tensor(scale, dtype=torch.float64))


def test_a_mixture_that_is_a_normal_in_disguise_has_the_divergences_of_the_normal():
    q = MixtureSameFamily(Categorical(torch.ones(2)), Normal(torch.full((2,), 0.5).double(), torch.ones(2).double()))
    for divergence in (kl, chi_squared, squared_hellinger, Renyi(1.5)):
        estimate = monte_carlo(divergence, q, normal(0.0, 1.2), num_samples=4_000, generator=generator())
        exact = divergence(normal(0.5, 1.0), normal(0.0, 1.2))
        assert (estimate.value - exact).abs() < 5 * estimate.standard_error


def test_equal_distributions_are_at_zero_without_noise():
    for divergence in ALL:
        estimate = monte_carlo(divergence, normal(1.0, 2.0), normal(1.0, 2.0), num_samples=10, generator=generator())
        assert estimate.value == estimate.standard_error == 0, divergence


def test_no_estimate_is_negative():
    for divergence in ALL:
        for seed in range(10):
            estimate = monte_carlo(divergence, normal(0, 1), normal(0.1, 1.1), num_samples=3, generator=generator(seed))
            assert estimate.value >= 0, divergence


def test_the_standard_error_is_the_spread_of_repeated_estimates():
    for divergence in (kl, total_variation, Renyi(0.5), bhattacharyya):
        runs = [
            monte_carlo(divergence, normal(0, 1), normal(1, 1.2), num_samples=400, generator=generator(seed))
            for seed in range(200)
        ]
        spread = torch.stack([run.value for run in runs]).std()
        claimed = torch.stack([run.standard_error for run in runs]).mean()
        assert 0.8 < claimed / spread < 1.25, divergence


def test_supports_that_differ_give_infinity_or_the_bound():
    q, p = normal(0.0, 1.0), Exponential(torch.tensor(1.0, dtype=torch.float64))
    for divergence in (kl, jeffreys, Renyi(1.5), chi_squared):
        estimate = monte_carlo(divergence, q, p, num_samples=100, generator=generator())
        assert estimate.value == estimate.standard_error == math.inf, divergence
    back = monte_carlo(kl, p, q, num_samples=20_000, generator=generator())
    assert (back.value - kl(p, q)).abs() < 5 * back.standard_error
    apart = Uniform(0.0, 1.0), Uniform(2.0, 3.0)
    for divergence, bound in ((jensen_shannon, math.log(2)), (total_variation, 1.0), (squared_hellinger, 1.0)):
        estimate = monte_carlo(divergence, *apart, num_samples=10, generator=generator())
        assert float(estimate.value) == pytest.approx(bound)
        assert estimate.standard_error == 0
    assert monte_carlo(bhattacharyya, *apart, num_samples=10, generator=generator()).value == math.inf


def test_batches_and_events_keep_their_shapes():
    for q, p in (
        (Dirichlet(torch.ones(3, 1, 4)), Dirichlet(2 * torch.ones(5, 4))),
        (OneHotCategorical(torch.ones(3, 1, 4)), OneHotCategorical(torch.arange(1.0, 5.0).expand(5, 4))),
        (Independent(Normal(torch.zeros(3, 1, 4), 1.0), 1), Independent(Normal(torch.ones(5, 4), 1.0), 1)),
        (VonMises(torch.zeros(3, 1), torch.ones(3, 1)), VonMises(torch.ones(5), torch.ones(5))),
    ):
        estimate = monte_carlo(kl, q, p, num_samples=2_000, generator=generator())
        assert estimate.value.shape == estimate.standard_error.shape == (3, 5)
        assert ((estimate.value - kl(q, p)).abs() < 6 * estimate.standard_error).all()


def test_the_same_generator_gives_the_same_draws_and_the_global_one_is_untouched():
    torch.manual_seed(7)
    before = torch.get_rng_state()
    for distribution in (normal(0, 1), Gamma(torch.tensor(2.0), torch.tensor(1.0)), VonMises(0.0, 1.0)):
        source = generator(3)
        first, second = draw(distribution, 5, source), draw(distribution, 5, source)
        assert torch.equal(first, draw(distribution, 5, generator(3)))
        assert not torch.equal(first, second)
        assert not first.requires_grad
    assert torch.equal(torch.get_rng_state(), before)


def test_the_global_generator_is_put_back_after_an_error():
    class Broken(Normal):
        def sample(self, sample_shape=torch.Size()):  # noqa: B008
            torch.rand(3)
            raise RuntimeError("broken")

    before = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="broken"):
        draw(Broken(0.0, 1.0), 5, generator())
    assert torch.equal(torch.get_rng_state(), before)


def test_what_cannot_be_estimated_is_an_error():
    with pytest.raises(UsageError, match="wasserstein_2"):
        monte_carlo(wasserstein_2, normal(0, 1), normal(1, 1), num_samples=10, generator=generator())
    with pytest.raises(UsageError, match="at least 2, got 1"):
        monte_carlo(kl, normal(0, 1), normal(1, 1), num_samples=1, generator=generator())
    with pytest.raises(UsageError, match="same event shape"):
        monte_carlo(kl, normal(0, 1), Dirichlet(torch.ones(2)), num_samples=10, generator=generator())
