import pytest
import torch
from toy import ScoreToyPosterior, ToyFamily, ToyModel, ToyPosterior, log_evidence

from genlab.errors import IncompatibleError
from genlab.interfaces import Batch
from genlab.parts.elbo.trace import Trace

X = torch.linspace(-2, 2, 6, dtype=torch.float64).unsqueeze(-1)
BATCH = Batch(X, 6)


def estimate(family, *, samples=1, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return Trace(samples=samples).estimate(ToyModel(), family.double(), BATCH, generator=generator)


def test_at_the_exact_posterior_every_draw_gives_the_evidence():
    exact = ToyFamily(slope=0.5, scale=0.5**0.5)
    torch.testing.assert_close(estimate(exact).per_example(), log_evidence(X))


def test_bound_plus_gap_is_the_evidence():
    family = ToyFamily(slope=0.2, scale=0.9)
    posterior = family.double().posterior(X)
    exact = torch.distributions.Normal(X / 2, 0.5**0.5)
    q = torch.distributions.Normal(posterior.mean.detach(), posterior.std.detach())
    gap = torch.distributions.kl_divergence(q, exact).sum(-1)
    ledger = estimate(family, samples=200_000)
    torch.testing.assert_close(ledger.per_example().detach() + gap, log_evidence(X), atol=0.01, rtol=0)


@pytest.mark.parametrize("posterior", [ScoreToyPosterior, ToyPosterior])
def test_the_gradient_is_that_of_the_bound_with_and_without_reparameterisation(posterior):
    slope, scale = 0.2, 0.9
    family = ToyFamily(slope, scale, posterior=posterior)
    estimate(family, samples=200_000).elbo(6).backward()
    # ELBO(x) = -1/2 log 2 pi - ((1 - a)^2 x^2 + s^2)/2 - (a^2 x^2 + s^2)/2 + 1/2 + log s
    by_hand_slope = ((1 - slope) - slope) * X.square().sum()
    by_hand_log_scale = len(X) * (1 - 2 * scale**2)
    torch.testing.assert_close(family.slope.grad, by_hand_slope, rtol=0.03, atol=0)
    torch.testing.assert_close(
        family.log_scale.grad, torch.tensor(by_hand_log_scale, dtype=torch.float64), rtol=0.03, atol=0
    )


def test_the_terms_carry_the_names_of_the_factors_and_none_is_exact():
    ledger = estimate(ToyFamily())
    assert [(term.name, term.scope, term.exact) for term in ledger.terms] == [
        ("likelihood", "local", False),
        ("prior", "local", False),
        ("entropy", "local", False),
    ]


def test_the_same_generator_gives_the_same_ledger_and_torchs_own_is_untouched():
    before = torch.get_rng_state()
    torch.testing.assert_close(estimate(ToyFamily()).per_example(), estimate(ToyFamily()).per_example(), rtol=0, atol=0)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_name_that_model_and_posterior_share_is_refused():
    class Namesake(ToyPosterior):
        def log_prob(self, z):
            return {"prior": super().log_prob(z)["entropy"]}

    with pytest.raises(IncompatibleError, match=r"got \['prior'\] in both"):
        estimate(ToyFamily(posterior=Namesake))
