from dataclasses import replace

import numpy as np
import pytest
import torch
from genlab_mixture.coordinate_ascent import CoordinateAscent
from genlab_mixture.estimator import ClosedForm
from mixture_by_hand import HERE, InOrder, build, fresh
from mixture_learned_by_hand import KINDS
from torch import nn

from genlab.errors import IncompatibleError
from genlab.interfaces import Batch

NO_NOISE = torch.Generator()


def fitted(model, family, x):
    for _ in range(10):
        CoordinateAscent(model, family, HERE).step(InOrder(x), generator=NO_NOISE)
    return ClosedForm().estimate(model, family, Batch(x, len(x)), generator=NO_NOISE).elbo(len(x)).item()


@pytest.mark.parametrize("kind", KINDS)
def test_two_halves_one_after_the_other_are_the_whole(kind):
    """With one component the posterior is exact, so it is the same, and the log evidences add up."""
    mixture = kind(num_data=20, num_dims=2, num_components=1)
    model, family, x = build(mixture)
    whole = fitted(model, family, x)
    model, other, x = build(mixture)
    first = fitted(model, other, x[:8])
    model.adopt_posterior(other)
    second = fitted(model, other, x[8:])
    assert first + second == pytest.approx(whole, rel=1e-10)
    for ours, theirs in zip(family.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_before_new_data_the_adopted_prior_is_the_posterior(kind):
    model, family, _ = build(kind(num_dims=2))
    model.adopt_posterior(family)
    terms = ClosedForm().estimate(model, family, Batch(torch.zeros(1, 2).double(), 1), generator=NO_NOISE)
    for name in ("weight", "mean"):
        assert terms[f"{name}_prior"].item() == pytest.approx(-terms[f"{name}_entropy"].item())


@pytest.mark.parametrize("kind", KINDS)
def test_an_adopted_prior_stands_in_the_checkpoint(kind):
    mixture = kind(num_dims=2)
    model, family, x = build(mixture)
    assert model.state_dict() == {}
    model.adopt_posterior(family)
    again, _ = fresh(mixture.x, mixture)
    again.load_state_dict(model.state_dict())
    for ours, theirs in zip(again.prior().natural(), model.prior().natural(), strict=True):
        assert torch.equal(ours, theirs)
    assert set(again.state_dict()) == set(model.state_dict())
    assert again.log_evidence(x[:4]).item() == model.log_evidence(x[:4]).item()


def test_components_with_priors_of_their_own_have_no_symmetry():
    mixture = replace(KINDS[0](), alpha=np.ones(3))
    model, family, _ = build(mixture)
    assert model.log_symmetries == pytest.approx(np.log(6))
    model.adopt_posterior(family)
    assert model.log_symmetries == 0
    again, _ = fresh(mixture.x, mixture)
    again.load_state_dict(model.state_dict())
    assert again.log_symmetries == 0


@pytest.mark.parametrize("other", [nn.Identity(), build(KINDS[1]())[1], build(KINDS[0](num_components=2))[1]])
def test_a_posterior_of_another_form_is_refused(other):
    model, *_ = build(KINDS[0]())
    with pytest.raises(IncompatibleError, match="must be of 3 components in 1 dimensions with the same kind of noise"):
        model.adopt_posterior(other)
