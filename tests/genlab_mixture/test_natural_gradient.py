import itertools

import pytest
import torch
from genlab_mixture.coordinate_ascent import CoordinateAscent
from genlab_mixture.estimator import ClosedForm
from genlab_mixture.natural_gradient import NaturalGradient
from mixture_by_hand import HERE, InOrder, build, example
from mixture_learned_by_hand import KINDS

from genlab.interfaces import Batch

NO_NOISE = torch.Generator()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("num_dims", [1, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_full_step_on_all_data_is_one_sweep_to_the_last_bit(num_dims, dtype, kind):
    mixture = kind(num_dims=num_dims)
    families = []
    for rule in (CoordinateAscent, NaturalGradient):
        model, family, x = build(mixture)
        model, family, x = model.to(dtype), family.to(dtype), x.to(dtype)
        keys = {"tau": 0.0} if rule is NaturalGradient else {}
        rule(model, family, HERE, **keys).step(InOrder(x), generator=NO_NOISE)
        families.append(family)
    sweep, step = families
    assert all(torch.equal(a, b) for a, b in zip(sweep.parameters(), step.parameters(), strict=True))


def test_the_step_is_the_natural_gradient_of_the_bound():
    """The natural gradient in (a, m/v, 1/v) is the gradient in the expected statistics, here taken by autograd."""
    mixture = example(num_dims=1)
    model, family, x = build(mixture)
    before = family.factors()
    elbo = ClosedForm().estimate(model, family, Batch(x, len(x)), generator=NO_NOISE).elbo(len(x))
    # d elbo / d (a, m, v), from those in the parameters (log a, m, log v).
    by_log_a, by_m, by_log_v = torch.autograd.grad(
        elbo, [family.log_concentration, family.components.mean, family.components.var]
    )
    a, m, v = before.concentration.detach(), before.components.mean.detach(), before.components.var.detach()
    fisher = torch.diag(torch.special.polygamma(1, a)) - torch.special.polygamma(1, a.sum())
    by_a = torch.linalg.solve(fisher, by_log_a / a)
    # The expected statistics of N(m, v) are m and m^2 + v, with natural parameters m/v and -1/(2v).
    by_second = by_log_v / v
    by_first = by_m - 2 * m * by_second
    update = NaturalGradient(model, family, HERE, tau=1.0, kappa=1.0)
    rho = update.step_length(1)
    update.step(InOrder(x), generator=NO_NOISE)
    after = family.factors()
    law = after.components
    torch.testing.assert_close(after.concentration, a + rho * by_a)
    torch.testing.assert_close(law.mean / law.var, m / v + rho * by_first)
    torch.testing.assert_close(-0.5 / law.var, -0.5 / v + rho * by_second)


@pytest.mark.parametrize("kind", KINDS)
def test_the_bound_on_minibatches_is_unbiased(kind):
    mixture = kind(num_data=5)
    total = 0.0
    pairs = list(itertools.combinations(range(5), 2))
    for pair in pairs:
        model, family, x = build(mixture)
        batch = Batch(x[list(pair)], 5)
        total += ClosedForm().estimate(model, family, batch, generator=NO_NOISE).elbo(5).item() / len(pairs)
    assert total == pytest.approx(mixture.elbo(), rel=1e-12)


def test_the_logged_bound_is_the_closed_form_on_the_minibatch():
    mixture = example()
    model, family, x = build(mixture)
    expected = ClosedForm().estimate(model, family, Batch(x[:8], 40), generator=NO_NOISE).totals(40)
    logged = NaturalGradient(model, family, HERE).step(InOrder(x, batch_size=8), generator=NO_NOISE).totals(40)
    for name, value in expected.items():
        assert logged[name].item() == pytest.approx(value.item(), rel=1e-11)


def test_step_lengths_follow_their_formula():
    model, family, _ = build(example())
    update = NaturalGradient(model, family, HERE, tau=3.0, kappa=0.6)
    assert [update.step_length(t) for t in (1, 5)] == pytest.approx([4**-0.6, 8**-0.6])


def test_whole_steps_come_first_and_the_others_count_from_there():
    model, family, _ = build(example())
    update = NaturalGradient(model, family, HERE, tau=3.0, kappa=0.6, whole_steps=2)
    assert [update.step_length(t) for t in (1, 2, 3, 7)] == pytest.approx([1, 1, 4**-0.6, 8**-0.6])


def test_whole_steps_come_nearer_to_what_sweeps_find_than_as_many_shorter_ones():
    mixture, bounds = example(num_data=600), {}
    for whole_steps in (0, 8):
        model, family, x = build(mixture)
        x = x[torch.randperm(600, generator=torch.Generator().manual_seed(0))]
        update, data = NaturalGradient(model, family, HERE, whole_steps=whole_steps), InOrder(x, batch_size=200)
        for _ in range(8):
            update.step(data, generator=NO_NOISE)
        bounds[whole_steps] = ClosedForm().estimate(model, family, Batch(x, 600), generator=NO_NOISE).elbo(600).item()
    assert bounds[8] > bounds[0]


@pytest.mark.parametrize(("kind", "nats"), list(zip(KINDS, (1.0, 6.0, 6.0), strict=True)))
def test_minibatches_come_close_to_what_sweeps_find(kind, nats):
    mixture = kind(num_data=600)
    bounds = []
    for rule, steps in ((CoordinateAscent, 40), (NaturalGradient, 240)):
        model, family, x = build(mixture)
        x = x[torch.randperm(600, generator=torch.Generator().manual_seed(0))]
        update, data = rule(model, family, HERE), InOrder(x, batch_size=60)
        for _ in range(steps):
            update.step(data, generator=NO_NOISE)
        bounds.append(ClosedForm().estimate(model, family, Batch(x, 600), generator=NO_NOISE).elbo(600).item())
    sweeps, minibatches = bounds
    assert sweeps - nats < minibatches < sweeps + 1e-6


def test_a_saved_state_goes_on_with_the_same_step_lengths():
    mixture = example()
    model, family, x = build(mixture)
    update, data = NaturalGradient(model, family, HERE), InOrder(x, batch_size=10)
    update.step(data, generator=NO_NOISE)
    other_model, other_family, _ = build(mixture)
    other_family.load_state_dict(family.state_dict())
    resumed, other_data = NaturalGradient(other_model, other_family, HERE), InOrder(x, batch_size=10)
    resumed.load_state_dict(update.state_dict())
    other_data.next()
    update.step(data, generator=NO_NOISE)
    resumed.step(other_data, generator=NO_NOISE)
    assert all(torch.equal(a, b) for a, b in zip(family.parameters(), other_family.parameters(), strict=True))


def test_on_new_data_the_steps_go_on_shortening_unless_the_prior_is_new():
    model, family, _ = build(example(num_data=20))
    earlier, later = NaturalGradient(model, family, HERE), NaturalGradient(model, family, HERE)
    earlier.load_state_dict(earlier.state_dict() | {"steps": 40})
    later.carry_over(earlier.state_dict())
    assert later.state_dict()["steps"] == 40
    later.carry_over({})
    assert later.state_dict()["steps"] == 0


def test_the_average_is_the_mean_of_the_natural_parameters_from_a_step_on():
    model, family, x = build(example())
    update, data = NaturalGradient(model, family, HERE, average_from=3), InOrder(x, batch_size=10)
    iterates = []
    for _ in range(6):
        update.step(data, generator=NO_NOISE)
        iterates.append(family.factors().natural())
    current = [value.detach().clone() for value in family.parameters()]
    with update.evaluation_weights():
        for mean, *values in zip(family.factors().natural(), *iterates[2:], strict=True):
            torch.testing.assert_close(mean, torch.stack(values).mean(0), rtol=1e-5, atol=1e-6)
    assert all(torch.equal(value, before) for value, before in zip(family.parameters(), current, strict=True))


def test_the_average_comes_closer_to_what_sweeps_find_than_the_last_iterate():
    mixture = example(num_data=600)
    bounds = {}
    for average_from in (None, 100):
        model, family, x = build(mixture)
        x = x[torch.randperm(600, generator=torch.Generator().manual_seed(0))]
        update = NaturalGradient(model, family, HERE, kappa=0.51, average_from=average_from)
        data = InOrder(x, batch_size=10)
        for _ in range(480):
            update.step(data, generator=NO_NOISE)
        with update.evaluation_weights():
            bounds[average_from] = ClosedForm().estimate(model, family, Batch(x, 600), generator=NO_NOISE).elbo(600)
    assert bounds[100] > bounds[None]


def test_a_saved_average_goes_on():
    model, family, x = build(example())
    update, data = NaturalGradient(model, family, HERE, average_from=1), InOrder(x, batch_size=10)
    for _ in range(3):
        update.step(data, generator=NO_NOISE)
    resumed = NaturalGradient(model, family, HERE, average_from=1)
    resumed.load_state_dict(update.state_dict())
    kept = []
    for rule in (update, resumed):
        with rule.evaluation_weights():
            kept.append(family.factors().natural())
    assert all(torch.equal(one, other) for one, other in zip(*kept, strict=True))
