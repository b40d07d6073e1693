import itertools
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from genlab_mixture.coordinate_ascent import CoordinateAscent
from genlab_mixture.estimator import ClosedForm
from hypothesis import given, settings
from mixture_by_hand import HERE, PARAMETERS, InOrder, Mixture, build, example, fresh, posterior_of
from mixture_learned_by_hand import KINDS, any_mixtures

from genlab.interfaces import Batch

NO_NOISE = torch.Generator()
_CONSTANT = [[value, 1e3] for value in (-1.0, 0.5, 2.0, 9.0)]


def full_bound(model, family, x):
    return ClosedForm().estimate(model, family, Batch(x, len(x)), generator=NO_NOISE).elbo(len(x)).item()


@settings(max_examples=40)
@given(any_mixtures())
def test_a_sweep_equals_one_computed_by_hand(mixture):
    model, family, x = build(mixture)
    CoordinateAscent(model, family, HERE).step(InOrder(x), generator=NO_NOISE)
    ours, theirs = posterior_of(mixture, family), mixture.swept()
    for name in ("a", *PARAMETERS[type(mixture)]):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-9, atol=1e-9)


@settings(max_examples=40)
@given(any_mixtures())
def test_a_sweep_never_lowers_the_bound(mixture):
    model, family, x = build(mixture)
    update = CoordinateAscent(model, family, HERE, tolerance=0)
    bounds = [update.step(InOrder(x), generator=NO_NOISE).elbo(len(x)).item() for _ in range(6)]
    slack = 1e-11 * (1 + max(abs(bound) for bound in bounds))
    assert all(later >= earlier - slack for earlier, later in itertools.pairwise(bounds))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("num_dims", [1, 3])
def test_the_logged_terms_are_the_closed_form_on_all_data_before_the_sweep(num_dims, kind):
    mixture = kind(num_dims=num_dims)
    model, family, x = build(mixture)
    ledger = CoordinateAscent(model, family, HERE).step(InOrder(x, batch_size=7), generator=NO_NOISE)
    for name, value in mixture.terms().items():
        assert ledger.totals(len(x))[name].item() == pytest.approx(value, rel=1e-10)
    assert all(term.exact for term in ledger.terms)


@pytest.mark.parametrize("kind", KINDS)
def test_the_bound_rises_in_float32_too(kind):
    mixture = kind(num_data=20_000)
    model, family = fresh(mixture.x, mixture)
    model, family, x = model.float(), family.float(), torch.tensor(mixture.x).float()
    update = CoordinateAscent(model, family, HERE, tolerance=0)
    bounds = [update.step(InOrder(x), generator=NO_NOISE).elbo(len(x)).item() for _ in range(25)]
    assert all(later >= earlier - 1e-3 for earlier, later in itertools.pairwise(bounds))


def test_a_large_offset_costs_no_digits_of_float32():
    mixture = example(num_data=2_000, num_dims=2)
    offset = 4096.0
    moved = replace(mixture, x=mixture.x + offset, m0=mixture.m0 + offset, m=mixture.m + offset)
    model, family, x = build(moved)
    rounded_model, rounded_family, x = model.float(), family.float(), x.float()
    logged = (
        CoordinateAscent(rounded_model, rounded_family, HERE).step(InOrder(x), generator=NO_NOISE).elbo(2_000).item()
    )
    model, family, _ = build(moved)
    exact = full_bound(model.float().double(), family.float().double(), x.double())
    assert logged == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_how_the_data_are_cut_into_batches_does_not_matter(kind):
    mixture = kind(num_dims=2)
    results = []
    for batch_size in (40, 9):
        model, family, x = build(mixture)
        CoordinateAscent(model, family, HERE).step(InOrder(x, batch_size), generator=NO_NOISE)
        results.append(torch.cat([value.flatten() for value in family.parameters()]))
    torch.testing.assert_close(results[0], results[1], rtol=1e-12, atol=1e-12)


def test_it_stops_when_a_sweep_gains_less_than_the_tolerance():
    mixture = example()
    model, family, x = build(mixture)
    update = CoordinateAscent(model, family, HERE, tolerance=1e-4)
    bounds = []
    while update.stop_reason is None:
        bounds.append(update.step(InOrder(x), generator=NO_NOISE).elbo(len(x)).item())
    gains = np.diff(bounds)
    assert (gains[:-1] >= 1e-4).all()
    assert gains[-1] < 1e-4
    assert update.stop_reason.startswith("a sweep raised the bound by less than 0.0001 nats")


def test_a_tolerance_of_zero_never_stops():
    mixture = example()
    model, family, x = build(mixture)
    update = CoordinateAscent(model, family, HERE, tolerance=0)
    for _ in range(200):
        update.step(InOrder(x), generator=NO_NOISE)
    assert update.stop_reason is None


@pytest.mark.parametrize("kind", KINDS)
def test_with_one_component_the_bound_is_the_evidence(kind):
    mixture = kind(num_data=6, num_dims=2, num_components=1)
    model, family, x = build(mixture)
    CoordinateAscent(model, family, HERE).step(InOrder(x), generator=NO_NOISE)
    assert full_bound(model, family, x) == pytest.approx(mixture.log_evidence(), rel=1e-11)


@settings(max_examples=25)
@given(any_mixtures(max_data=5, max_components=3, max_dims=2))
def test_the_bound_is_never_above_the_evidence(mixture):
    model, family, x = build(mixture)
    evidence = mixture.log_evidence()
    assert full_bound(model, family, x) <= evidence + 1e-9 * (1 + abs(evidence))
    for _ in range(5):
        CoordinateAscent(model, family, HERE).step(InOrder(x), generator=NO_NOISE)
    assert full_bound(model, family, x) <= evidence + 1e-9 * (1 + abs(evidence))


def test_the_gap_of_well_separated_components_is_their_symmetry():
    x = np.repeat([-40.0, 0.0, 40.0], 2)[:, None] + 0.3 * np.arange(6)[:, None] / 6
    ones = np.ones(3)
    apart = Mixture(x, ones, np.zeros(1), np.full(1, 50.0), ones[:1], ones * 3, x[::2] + 0.1, ones[:, None])
    model, family, rows = build(apart)
    for _ in range(30):
        CoordinateAscent(model, family, HERE).step(InOrder(rows), generator=NO_NOISE)
    # Each of the 3! labelings has the same share of the evidence, and q holds one.
    gap = apart.log_evidence() - full_bound(model, family, rows)
    assert gap == pytest.approx(np.log(6), abs=1e-6)


@pytest.mark.parametrize(
    ("x", "num_components"),
    [([[2.0]], 1), ([[2.0]], 5), ([[1.0]] * 6, 3), ([[0.0], [1e4]], 4), ([[1.0, 2.0]] * 3, 2), (_CONSTANT, 2)],
    ids=["one datum", "more components than data", "duplicates", "far apart", "duplicates in 2-D", "a constant column"],
)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("init", ["k-means++", "quantiles"])
def test_degenerate_data_have_finite_answers(x, num_components, init, kind):
    rows = np.array(x)
    priors = kind(num_dims=rows.shape[1], num_components=num_components)
    torch.manual_seed(0)
    model, family = fresh(rows, priors, init)
    for module in (model, family):
        module.float()
    data = torch.tensor(rows).float()
    update = CoordinateAscent(model, family, HERE)
    for _ in range(20):
        update.step(InOrder(data), generator=NO_NOISE).check_finite("the sweep")
    assert all(bool(torch.isfinite(value).all()) for value in family.parameters())


def test_an_empty_component_returns_to_its_prior():
    mixture = example(num_data=10)
    m = mixture.m.copy()
    m[2] = 1e3
    model, family, x = build(replace(mixture, m=m))
    CoordinateAscent(model, family, HERE).step(InOrder(x), generator=NO_NOISE)
    factors = family.factors()
    assert factors.concentration[2].item() == pytest.approx(mixture.alpha[2])
    assert factors.components.mean[2].item() == pytest.approx(mixture.m0[0])
    assert factors.components.var[2].item() == pytest.approx(mixture.s0[0] ** 2)


def test_a_saved_state_goes_on_as_if_never_stopped():
    mixture = example()
    model, family, x = build(mixture)
    update = CoordinateAscent(model, family, HERE, tolerance=1e-4)
    num_steps = 0
    while update.stop_reason is None:
        update.step(InOrder(x), generator=NO_NOISE)
        num_steps += 1
    model, interrupted, _ = build(mixture)
    first = CoordinateAscent(model, interrupted, HERE, tolerance=1e-4)
    for _ in range(num_steps - 1):
        first.step(InOrder(x), generator=NO_NOISE)
    model, other, _ = build(mixture)
    other.load_state_dict(interrupted.state_dict())
    resumed = CoordinateAscent(model, other, HERE, tolerance=1e-4)
    resumed.load_state_dict(first.state_dict())
    resumed.step(InOrder(x), generator=NO_NOISE)
    assert resumed.stop_reason == update.stop_reason
    assert all(torch.equal(a, b) for a, b in zip(family.parameters(), other.parameters(), strict=True))


def test_rounding_to_float32_does_not_add_up_over_the_data():
    mixture = replace(example(num_data=20_000), sigma=np.ones(1))
    model, family, x = build(mixture)
    model, family, x = model.float(), family.float(), x.float()
    exact = full_bound(deepcopy(model).double(), deepcopy(family).double(), x.double())
    logged = CoordinateAscent(model, family, HERE).step(InOrder(x), generator=NO_NOISE).elbo(20_000).item()
    # Rounding the constant of each component alone, 3e-8 an observation, would come to 6e-4.
    assert abs(logged - exact) < 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_a_small_concentration_empties_components_and_says_so(kind):
    mixture = kind(num_data=60, num_components=3)
    few = replace(mixture, alpha=np.full(3, 0.01), x=np.random.default_rng(0).normal(0, 1, (60, 1)))
    model, family = fresh(few.x, few)
    update = CoordinateAscent(model, family, HERE, tolerance=1e-6)
    while update.stop_reason is None:
        update.step(InOrder(torch.tensor(few.x)), generator=NO_NOISE).check_finite("the sweep")
    weights = family.factors().expected_weights
    assert int((weights < 0.01).sum()) == 2
    said = model.diagnose(family, (), generator=NO_NOISE).remarks
    assert said == ("2 of 3 components hold less than one observation",)
