from dataclasses import replace

import numpy as np
import pytest
import torch
from genlab_mixture.coordinate_ascent import CoordinateAscent
from genlab_mixture.estimator import ClosedForm
from hypothesis import given, settings
from mixture_by_hand import HERE, InOrder, build, example
from mixture_learned_by_hand import KINDS, any_mixtures, learned_example

from genlab.errors import UsageError
from genlab.interfaces import Batch

NO_NOISE = torch.Generator()


@settings(max_examples=25)
@given(any_mixtures(max_data=5, max_components=3, max_dims=2))
def test_the_evidence_is_the_sum_over_assignments_by_hand(mixture):
    model, _, x = build(mixture)
    assert model.log_evidence(x).item() == pytest.approx(mixture.log_evidence(), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("kind", [example, learned_example])
def test_the_evidence_leaves_out_what_is_missing(kind):
    mixture = kind(num_data=4, num_dims=2)
    x = mixture.x.copy()
    x[0, 1] = x[2] = np.nan
    mixture = replace(mixture, x=x)
    model, _, rows = build(mixture)
    assert model.log_evidence(rows).item() == pytest.approx(mixture.log_evidence(), rel=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_the_sum_does_not_depend_on_how_it_is_cut(kind, monkeypatch):
    model, _, x = build(kind(num_data=6, num_dims=2))
    whole = model.log_evidence(x)
    monkeypatch.setattr("genlab_mixture.evidence._CHUNK_NUMBERS", 900)
    torch.testing.assert_close(model.log_evidence(x), whole)


@pytest.mark.parametrize("kind", KINDS)
def test_the_gap_of_well_separated_components_is_their_symmetry(kind):
    mixture = kind(num_data=6, num_components=3)
    x = np.repeat([-40.0, 0.0, 40.0], 2)[:, None] + 0.3 * np.arange(6)[:, None] / 6
    apart = replace(mixture, x=x, alpha=np.ones(3), s0=np.full(1, 40.0), a=np.ones(3), m=x[::2] + 0.1)
    model, family, rows = build(apart)
    for _ in range(60):
        CoordinateAscent(model, family, HERE).step(InOrder(rows), generator=NO_NOISE)
    bound = ClosedForm().estimate(model, family, Batch(rows, 6), generator=NO_NOISE).elbo(6).item()
    gap = model.log_evidence(rows).item() - bound
    # With known noise q is exact but for its labels; with a variance of its own, a component has heavier tails.
    assert gap == pytest.approx(np.log(6), abs=1e-6 if kind is example else 0.02)


def test_too_many_assignments_are_refused_with_their_number():
    model, _, x = build(example(num_data=40))
    with pytest.raises(UsageError, match=r"at most 2,000,000 assignments, got 3\^40. Give fewer observations"):
        model.log_evidence(x)
