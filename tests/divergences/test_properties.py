"""What holds for every divergence, over every family that has a closed form of it."""

import math

import pytest
import torch
from divergence_pairs import FAMILIES, FINITE
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, distributions
from torch.distributions import Distribution

from genlab.divergences import (
    AmariAlpha,
    Divergence,
    Renyi,
    bhattacharyya,
    chi_squared,
    has_closed_form,
    jeffreys,
    jensen_shannon,
    kl,
    squared_hellinger,
    squared_wasserstein_2,
    total_variation,
    wasserstein_2,
)

ALL: tuple[Divergence, ...] = (
    kl,
    jeffreys,
    jensen_shannon,
    Renyi(0.3),
    Renyi(2.5),
    AmariAlpha(-2.0),
    AmariAlpha(0.3),
    AmariAlpha(1.0),
    chi_squared,
    total_variation,
    squared_hellinger,
    bhattacharyya,
    squared_wasserstein_2,
    wasserstein_2,
)
EXAMPLES = settings(max_examples=12)
SLACK = 1e-9
"""What rounding may take from an inequality between two closed forms, relative to their size."""

families = pytest.mark.parametrize("family", FAMILIES)


def pair(data: st.DataObject, family: str) -> tuple[Distribution, Distribution]:
    return data.draw(FAMILIES[family]), data.draw(FAMILIES[family])


def closed(q: Distribution, p: Distribution) -> list[Divergence]:
    return [divergence for divergence in ALL if has_closed_form(divergence, q, p)]


def at_most(low: Tensor, high: Tensor) -> bool:
    return bool((low <= high + SLACK * (1 + high.abs())).all())


@families
@given(data=st.data())
@EXAMPLES
def test_a_divergence_is_never_negative_nor_nan(family, data):
    q, p = pair(data, family)
    for divergence in closed(q, p):
        value = divergence(q, p)
        assert value.shape == ()
        assert value >= 0, (divergence, value)


@families
@given(data=st.data())
@EXAMPLES
def test_a_divergence_is_zero_between_equals(family, data):
    q = data.draw(FAMILIES[family])
    for divergence in closed(q, q):
        assert divergence(q, q) <= 1e-12, divergence


@families
@given(data=st.data())
@EXAMPLES
def test_a_divergence_is_positive_between_different_distributions(family, data):
    q, p = pair(data, family)
    if kl(q, p) > 1e-6:
        for divergence in closed(q, p):
            assert divergence(q, p) > 0, divergence


@families
@given(data=st.data())
@EXAMPLES
def test_the_symmetric_ones_are_symmetric(family, data):
    q, p = pair(data, family)
    for divergence in closed(q, p):
        if divergence.symmetric:
            torch.testing.assert_close(divergence(q, p), divergence(p, q), rtol=1e-9, atol=1e-12)


@families
@given(data=st.data())
@EXAMPLES
def test_the_inequalities_between_divergences_hold(family, data):
    q, p = pair(data, family)
    known = {divergence: divergence(q, p) for divergence in closed(q, p)}
    if chi_squared in known:
        assert at_most(known[kl], torch.log1p(known[chi_squared]))
        assert at_most(2 * known[squared_hellinger], known[kl])
    if jensen_shannon in known:
        assert at_most(known[jensen_shannon], torch.tensor(math.log(2)).double())
        assert at_most(known[jensen_shannon], known[jeffreys] / 4)
    if total_variation in known:
        assert at_most(known[total_variation], torch.sqrt(known[kl] / 2))
        assert at_most(known[total_variation], torch.ones(()).double())
        if squared_hellinger in known:
            assert at_most(known[squared_hellinger], known[total_variation])
            assert at_most(known[total_variation], torch.sqrt(2 * known[squared_hellinger]))


@families
@given(data=st.data(), orders=st.lists(st.floats(0.02, 6), min_size=2, max_size=2))
@EXAMPLES
def test_the_renyi_divergence_does_not_fall_with_its_order(family, data, orders):
    q, p = pair(data, family)
    if has_closed_form(Renyi(2.0), q, p):
        low, high = sorted(orders)
        assert at_most(Renyi(low)(q, p), Renyi(high)(q, p))


@families
@given(data=st.data())
@EXAMPLES
def test_the_renyi_divergence_tends_to_kl(family, data):
    q, p = pair(data, family)
    if has_closed_form(Renyi(2.0), q, p):
        below, above = Renyi(1 - 1e-7)(q, p), Renyi(1 + 1e-7)(q, p)
        assert Renyi(1.0)(q, p) == kl(q, p)
        if kl(q, p).isinf():
            assert above.isinf()
        else:
            torch.testing.assert_close(below, kl(q, p), rtol=1e-3, atol=1e-6)
        torch.testing.assert_close(above, kl(q, p), rtol=1e-3, atol=1e-6)


@families
@given(data=st.data(), alpha=st.floats(-3, 3))
@EXAMPLES
def test_amaris_divergence_is_dual_and_holds_its_special_cases(family, data, alpha):
    q, p = pair(data, family)
    if not has_closed_form(Renyi(2.0), q, p):
        return
    torch.testing.assert_close(AmariAlpha(alpha)(q, p), AmariAlpha(-alpha)(p, q), rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(AmariAlpha(-1.0)(q, p), kl(q, p))
    torch.testing.assert_close(AmariAlpha(1.0)(q, p), kl(p, q))
    torch.testing.assert_close(AmariAlpha(0.0)(q, p), 4 * squared_hellinger(q, p))
    torch.testing.assert_close(AmariAlpha(-3.0)(q, p), chi_squared(q, p) / 2, rtol=1e-6, atol=1e-9)


@families
@given(data=st.data())
@EXAMPLES
def test_hellinger_and_bhattacharyya_measure_the_same_overlap(family, data):
    q, p = pair(data, family)
    if has_closed_form(bhattacharyya, q, p):
        torch.testing.assert_close(squared_hellinger(q, p), 1 - torch.exp(-bhattacharyya(q, p)))


@pytest.mark.parametrize("family", ["normal", "bernoulli", "gamma", "laplace", "von_mises", "exponential", "poisson"])
@given(data=st.data())
@EXAMPLES
def test_divergences_add_up_over_independent_factors(family, data):
    (q_1, p_1), (q_2, p_2) = pair(data, family), pair(data, family)

    def product(one: Distribution, two: Distribution) -> Distribution:
        names = [name for name in one.arg_constraints if name != "logits"]
        both = {name: torch.stack([getattr(one, name), getattr(two, name)]) for name in names}
        return distributions.Independent(type(one)(**both), 1)

    for divergence in (kl, jeffreys, Renyi(0.4), Renyi(1.5), bhattacharyya, squared_wasserstein_2):
        if has_closed_form(divergence, q_1, p_1):
            whole = divergence(product(q_1, q_2), product(p_1, p_2))
            torch.testing.assert_close(whole, divergence(q_1, p_1) + divergence(q_2, p_2))


@given(data=st.data(), shift=st.floats(-2, 2), scale=st.floats(0.2, 4))
@EXAMPLES
def test_a_common_bijection_changes_nothing(data, shift, scale):
    q, p = pair(data, "normal")
    moved_q, moved_p = (distributions.Normal(scale * one.loc + shift, scale * one.scale) for one in (q, p))
    through = [distributions.transforms.AffineTransform(shift, scale), distributions.transforms.SigmoidTransform()]
    squashed_q, squashed_p = (distributions.TransformedDistribution(one, through) for one in (q, p))
    for divergence in closed(q, p):
        if "wasserstein" in divergence.name:
            continue
        torch.testing.assert_close(divergence(moved_q, moved_p), divergence(q, p), rtol=1e-6, atol=1e-9)
        torch.testing.assert_close(divergence(squashed_q, squashed_p), divergence(q, p))


@given(data=st.data())
@EXAMPLES
def test_a_rotation_changes_no_divergence_of_normals(data):
    q, p = pair(data, "multivariate_normal")
    turn = torch.linalg.qr(data.draw(FAMILIES["multivariate_normal"]).scale_tril + torch.eye(3)).Q

    def turned(one: distributions.MultivariateNormal) -> distributions.MultivariateNormal:
        covariance = turn @ one.covariance_matrix @ turn.mT
        return distributions.MultivariateNormal(turn @ one.loc, (covariance + covariance.mT) / 2)

    for divergence in closed(q, p):
        torch.testing.assert_close(divergence(turned(q), turned(p)), divergence(q, p), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("family", FINITE[1:])
@given(data=st.data())
@EXAMPLES
def test_no_divergence_grows_through_a_channel(family, data):
    q, p = pair(data, family)
    rows = torch.stack([data.draw(FAMILIES["categorical"]).probs for _ in range(4)])
    after_q, after_p = (distributions.Categorical(one.probs @ rows) for one in (q, p))
    for divergence in closed(q, p):
        assert at_most(divergence(after_q, after_p), divergence(q, p)), divergence


@given(data=st.data())
@EXAMPLES
def test_forgetting_a_coordinate_brings_normals_closer(data):
    q, p = pair(data, "multivariate_normal")
    less_q, less_p = (
        distributions.MultivariateNormal(one.loc[:2], scale_tril=one.scale_tril[:2, :2]) for one in (q, p)
    )
    for divergence in closed(q, p):
        assert at_most(divergence(less_q, less_p), divergence(q, p)), divergence


@given(data=st.data(), weight=st.floats(0, 1))
@EXAMPLES
def test_f_divergences_are_jointly_convex(data, weight):
    (q_1, p_1), (q_2, p_2) = pair(data, "categorical"), pair(data, "categorical")
    q = distributions.Categorical(weight * q_1.probs + (1 - weight) * q_2.probs)
    p = distributions.Categorical(weight * p_1.probs + (1 - weight) * p_2.probs)
    # Renyi's is jointly convex up to order 1 (van Erven & Harremoes 2014, theorem 11); Bhattacharyya's is half of one
    for divergence in set(ALL) - {Renyi(2.5), squared_wasserstein_2, wasserstein_2}:
        one, two = divergence(q_1, p_1), divergence(q_2, p_2)
        if weight in (0, 1) or one.isinf() or two.isinf():
            continue
        assert at_most(divergence(q, p), weight * one + (1 - weight) * two), divergence


@given(data=st.data())
@EXAMPLES
def test_total_variation_and_the_roots_are_metrics(data):
    one, two, three = (data.draw(FAMILIES["categorical"]) for _ in range(3))
    for divergence, power in ((total_variation, 1.0), (squared_hellinger, 0.5), (jensen_shannon, 0.5)):
        direct, first, second = (divergence(*ends) ** power for ends in ((one, three), (one, two), (two, three)))
        assert at_most(direct, first + second)
    one, two, three = (data.draw(FAMILIES["multivariate_normal"]) for _ in range(3))
    assert at_most(wasserstein_2(one, three), wasserstein_2(one, two) + wasserstein_2(two, three))
