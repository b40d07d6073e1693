import numpy as np
import pytest
import torch
from linear_gaussian_diffusion import Oracle, oracle_model, repeated, seeded
from scipy import stats


def test_log_prob_is_the_density_of_the_chain() -> None:
    oracle = Oracle()
    _, family = oracle_model(oracle)
    x = repeated([0.4, -1.0], 3).x
    posterior = family.posterior(x)
    z = posterior.sample(2, generator=seeded())
    assert z.shape == (2, 3, 6, 2)
    states = np.concatenate([np.broadcast_to(x.numpy()[None, :, None], (2, 3, 1, 2)), z.numpy()], 2)
    expected = sum(
        stats.norm.logpdf(states[:, :, t], np.sqrt(1 - beta) * states[:, :, t - 1], np.sqrt(beta)).sum(-1)
        for t, beta in enumerate(oracle.betas, start=1)
    )
    assert posterior.log_prob(z)["forward_entropy"].numpy() == pytest.approx(expected, rel=1e-10)


def test_every_state_has_the_marginal_of_the_chain() -> None:
    oracle = Oracle()
    _, family = oracle_model(oracle)
    z = family.posterior(repeated([0.9], 100_000).x).sample(1, generator=seeded())[0]
    assert z.mean(0).flatten().numpy() == pytest.approx(oracle.signal * 0.9, abs=0.02)
    assert z.std(0).flatten().numpy() == pytest.approx(oracle.noise, rel=0.02)


def test_the_family_has_nothing_to_learn_and_nothing_to_save() -> None:
    _, family = oracle_model(Oracle())
    assert not list(family.parameters())
    assert not family.state_dict()


def test_draws_depend_on_the_generator_alone() -> None:
    _, family = oracle_model(Oracle())
    before = torch.get_rng_state()
    x = repeated([0.4], 3).x
    first, second = (family.posterior(x).rsample(2, generator=seeded(4)) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)
