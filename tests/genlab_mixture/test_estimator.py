import pytest
import torch
from genlab_mixture.coordinate_ascent import CoordinateAscent
from genlab_mixture.estimator import ClosedForm
from mixture_by_hand import HERE, InOrder, build, example
from mixture_learned_by_hand import KINDS

from genlab.interfaces import Batch
from genlab.parts.elbo.trace import Trace


def ledgers(mixture, num_repeats, samples):
    model, family, x = build(mixture)
    generator = torch.Generator().manual_seed(7)
    batch = Batch(x, len(x))
    exact = ClosedForm().estimate(model, family, batch, generator=generator).detach()
    drawn = [Trace(samples=samples).estimate(model, family, batch, generator=generator) for _ in range(num_repeats)]
    return exact, [ledger.detach() for ledger in drawn]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("num_dims", [1, 2])
def test_draws_agree_with_the_closed_form_term_by_term(num_dims, kind):
    mixture = kind(num_data=20, num_dims=num_dims)
    exact, drawn = ledgers(mixture, num_repeats=60, samples=200)
    for name, value in exact.totals(20).items():
        estimates = torch.stack([ledger.totals(20)[name] for ledger in drawn])
        error = estimates.std() / len(drawn) ** 0.5
        assert abs(estimates.mean() - value) <= 4.5 * error + 1e-12, name


def test_the_closed_form_has_no_variance_and_draws_have_some():
    mixture = example(num_data=20)
    exact, drawn = ledgers(mixture, num_repeats=20, samples=1)
    assert all(term.exact for term in exact.terms)
    assert not any(term.exact for term in drawn[0].terms)
    assert torch.stack([ledger.elbo(20) for ledger in drawn]).var() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_score_function_gradient_agrees_with_autograd_through_the_closed_form(kind):
    mixture = kind(num_data=6)
    model, family, x = build(mixture)
    batch, generator = Batch(x, 6), torch.Generator().manual_seed(3)
    parameters = list(family.parameters())

    def gradient(estimator):
        elbo = estimator.estimate(model, family, batch, generator=generator).elbo(6)
        return torch.cat([value.flatten() for value in torch.autograd.grad(elbo, parameters)])

    exact = gradient(ClosedForm())
    drawn = torch.stack([gradient(Trace(samples=500)) for _ in range(80)])
    error = drawn.std(0) / len(drawn) ** 0.5
    assert bool(((drawn.mean(0) - exact).abs() <= 4.5 * error).all())


def test_gradient_steps_reach_what_sweeps_reach():
    mixture = example(num_data=30)
    swept = build(mixture)
    for _ in range(60):
        CoordinateAscent(*swept[:2], HERE).step(InOrder(swept[2]), generator=torch.Generator())
    model, family, x = build(mixture)
    batch = Batch(x, 30)
    optimizer = torch.optim.Adam(family.parameters(), lr=0.05)
    for _ in range(500):
        optimizer.zero_grad()
        ClosedForm().estimate(model, family, batch, generator=torch.Generator()).objective(30).backward()
        optimizer.step()
    for ours, theirs in zip(family.parameters(), swept[1].parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


def test_bounds_in_float32_stay_close_with_a_million_observations():
    """A concentration of 1e6 has few digits left in float32 differences of digamma."""
    model, family, x = build(example(num_data=50))
    with torch.no_grad():
        family.log_concentration += 12
    batch = Batch(x, 1_000_000)
    exact = ClosedForm().estimate(model, family, batch, generator=torch.Generator()).elbo(1_000_000).item()
    model, family = model.float(), family.float()
    rounded = ClosedForm().estimate(model, family, Batch(x.float(), 1_000_000), generator=torch.Generator())
    assert rounded.elbo(1_000_000).item() == pytest.approx(exact, rel=3e-7)
    assert {term.value.dtype for term in rounded.terms} == {torch.float32}
