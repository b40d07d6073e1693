from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from genlab_mixture.coordinate_ascent import CoordinateAscent
from genlab_mixture.estimator import ClosedForm
from genlab_mixture.model import GaussianMixture
from hypothesis import given, settings
from hypothesis import strategies as st
from mixture_by_hand import HERE, PARAMETERS, InOrder, build, example, fresh, mixtures, posterior_of
from mixture_learned_by_hand import full_example, learned_example, learned_mixtures

from genlab.errors import IncompatibleError
from genlab.interfaces import Batch, DataSpec
from genlab.parts.elbo.trace import Trace

NO_NOISE = torch.Generator()


@st.composite
def with_holes(draw):
    mixture = draw(st.one_of(mixtures(), learned_mixtures()))
    holes = draw(st.lists(st.booleans(), min_size=mixture.x.size, max_size=mixture.x.size))
    return replace(mixture, x=np.where(np.reshape(holes, mixture.x.shape), np.nan, mixture.x))


@settings(max_examples=30)
@given(with_holes())
def test_the_terms_equal_those_computed_by_hand_without_what_is_missing(mixture):
    model, family, x = build(mixture)
    ledger = ClosedForm().estimate(model, family, Batch(x, len(x)), generator=NO_NOISE)
    for name, value in mixture.terms().items():
        assert ledger.totals(len(x))[name].item() == pytest.approx(value, rel=1e-10, abs=1e-10), name


@settings(max_examples=25)
@given(with_holes())
def test_a_sweep_equals_one_computed_by_hand_without_what_is_missing(mixture):
    model, family, x = build(mixture)
    CoordinateAscent(model, family, HERE).step(InOrder(x), generator=NO_NOISE)
    ours, theirs = posterior_of(mixture, family), mixture.swept()
    for name in ("a", *PARAMETERS[type(mixture)]):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-9, atol=1e-9)


def holey(kind, *, num_components=3):
    mixture = kind(num_data=6, num_dims=2, num_components=num_components)
    x = mixture.x.copy()
    x[1, 0] = x[2] = x[4, 1] = np.nan
    return replace(mixture, x=x)


@pytest.mark.parametrize("kind", [example, learned_example])
def test_with_one_component_the_bound_is_the_evidence_of_what_is_seen(kind):
    mixture = holey(kind, num_components=1)
    model, family, x = build(mixture)
    CoordinateAscent(model, family, HERE).step(InOrder(x), generator=NO_NOISE)
    bound = ClosedForm().estimate(model, family, Batch(x, len(x)), generator=NO_NOISE).elbo(len(x)).item()
    assert bound == pytest.approx(mixture.log_evidence(), rel=1e-11)


@pytest.mark.parametrize("kind", [example, learned_example])
def test_a_row_without_any_value_has_its_assignment_terms_only(kind):
    mixture = holey(kind)
    model, family, x = build(mixture)
    ledger = ClosedForm().estimate(model, family, Batch(x, len(x)), generator=NO_NOISE)
    assert ledger["likelihood"][2].item() == pytest.approx(0, abs=1e-12)
    log_weights = family.factors().expected_log_weights
    assert ledger.per_example()[2].item() == pytest.approx(torch.logsumexp(log_weights, 0).item(), rel=1e-12)


@pytest.mark.parametrize("kind", [example, learned_example])
def test_draws_agree_with_the_closed_form_where_values_are_missing(kind):
    model, family, x = build(holey(kind))
    generator, batch = torch.Generator().manual_seed(0), Batch(x, len(x))
    exact = ClosedForm().estimate(model, family, batch, generator=generator).totals(6)
    drawn = [Trace(samples=200).estimate(model, family, batch, generator=generator).totals(6) for _ in range(40)]
    for name, value in exact.items():
        estimates = torch.stack([ledger[name].detach() for ledger in drawn])
        assert abs(estimates.mean() - value) <= 4.5 * estimates.std() / 40**0.5 + 1e-12, name


@pytest.mark.parametrize("kind", [example, learned_example])
def test_the_predictive_density_leaves_out_what_is_missing(kind):
    mixture = holey(kind)
    _, family, x = build(mixture)
    weights = mixture.a / mixture.a.sum()
    expected = np.log(np.exp(mixture.log_predictive(mixture.x)) @ weights)
    np.testing.assert_allclose(family.log_predictive(x).detach(), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", [example, learned_example])
@pytest.mark.parametrize("init", ["k-means++", "quantiles"])
def test_the_start_is_finite_where_values_are_missing(kind, init):
    mixture = holey(kind)
    model, family = fresh(mixture.x, mixture, init)
    x = torch.tensor(mixture.x)
    for value in family.parameters():
        assert bool(torch.isfinite(value).all())
    CoordinateAscent(model, family, HERE).step(InOrder(x), generator=NO_NOISE).check_finite("the sweep")


def test_a_full_covariance_refuses_missing_values_with_a_way_out():
    spec = DataSpec("rows", (1,), 6, missing=True)
    with pytest.raises(IncompatibleError, match="noise 'full' must observe every value, got rows with missing ones"):
        GaussianMixture(spec, components=2, mean_scale=1.0, noise=full_example().noise)


def test_reduced_precision_of_matrix_products_does_not_touch_what_is_missing():
    model, family, x = build(holey(learned_example))
    estimate = partial(ClosedForm().estimate, model, family, Batch(x.float(), len(x)), generator=NO_NOISE)
    plain = estimate()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast = estimate()
    torch.testing.assert_close(cast["likelihood"], plain["likelihood"], rtol=1e-6, atol=1e-6)
