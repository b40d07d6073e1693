from typing import ClassVar

import pytest
import torch
from torch.distributions import (
    AbsTransform,
    Categorical,
    Chi2,
    Distribution,
    Gamma,
    Independent,
    MixtureSameFamily,
    Normal,
    Poisson,
    TransformedDistribution,
)

from genlab.divergences import (
    KL,
    AmbiguousRuleError,
    Divergence,
    NoClosedFormError,
    Renyi,
    closed_form,
    has_closed_form,
    jeffreys,
    kl,
    wasserstein_2,
)
from genlab.divergences.rules import RuleTable
from genlab.errors import UsageError

NORMAL = Normal(torch.tensor(0.0), torch.tensor(1.0))
MIXTURE = MixtureSameFamily(Categorical(torch.ones(2)), Normal(torch.zeros(2), torch.ones(2)))


class Animal:
    pass


class Dog(Animal):
    pass


class Puppy(Dog):
    pass


def named(name):
    def rule():
        return name

    rule.__qualname__ = name
    return rule


def test_the_most_specific_rule_comes_first():
    table = RuleTable("closeness")
    for name, pair in {"any": (Animal, Animal), "dogs": (Dog, Dog), "left": (Dog, Animal)}.items():
        table.add(*pair, named(name))
    assert [rule() for rule in table.applicable(Puppy(), Dog())] == ["dogs", "left", "any"]
    assert [rule() for rule in table.applicable(Animal(), Dog())] == ["any"]
    assert list(RuleTable("nothing").applicable(Dog(), Dog())) == []


def test_two_rules_of_which_neither_is_more_specific_are_an_error_that_names_both():
    table = RuleTable("closeness")
    table.add(Dog, Animal, named("left"))
    table.add(Animal, Dog, named("right"))
    with pytest.raises(AmbiguousRuleError, match=r"\(Dog, Animal\) and \(Animal, Dog\)"):
        list(table.applicable(Dog(), Dog()))


def test_a_pair_has_one_rule():
    table = RuleTable("closeness")
    table.add(Dog, Dog, named("first"))
    table.add(Dog, Dog, named("first"))  # the same one again, as when its module is loaded twice
    with pytest.raises(ValueError, match="one closed form of closeness"):
        table.add(Dog, Dog, named("second"))


def test_a_third_party_adds_a_family_and_a_divergence():
    class Point(Distribution):
        arg_constraints: ClassVar = {}

        def __init__(self, place):
            self.place = place
            super().__init__(place.shape, validate_args=False)

    class Gap(Divergence):
        name = "gap"

    @closed_form(KL, Point, Point)
    def kl_point(divergence, q, p):
        return torch.where(q.place == p.place, 0.0, torch.inf)

    @closed_form(Gap, Point, Point)
    def gap_point(divergence, q, p):
        return (q.place - p.place).abs()

    one, two = Point(torch.tensor([1.0, 2.0])), Point(torch.tensor([1.0, 5.0]))
    assert kl(one, two).tolist() == [0, torch.inf]
    assert jeffreys(one, two).tolist() == [0, torch.inf]
    assert Gap()(one, two).tolist() == [0, 3]
    assert kl(Independent(one, 1), Independent(two, 1)) == torch.inf
    with pytest.raises(NoClosedFormError):
        kl(one, Normal(torch.zeros(2), torch.ones(2)))


def test_a_rule_that_declines_leaves_the_pair_to_the_next():
    class Odd(Normal):
        pass

    @closed_form(KL, Odd, Odd)
    def decline(divergence, q, p):
        return NotImplemented

    odd = Odd(torch.tensor(0.0), torch.tensor(1.0))
    assert kl(odd, odd) == 0


def test_a_subclass_has_the_closed_forms_of_its_parents():
    three, five = (Chi2(torch.tensor(value)) for value in (3.0, 5.0))
    as_gamma = [Gamma(one.concentration, one.rate) for one in (three, five)]
    assert Renyi(0.5)(three, five) == Renyi(0.5)(*as_gamma)


def test_a_pair_without_a_closed_form_is_an_error_that_names_the_estimator_and_the_registry():
    with pytest.raises(NoClosedFormError) as caught:
        kl(MIXTURE, NORMAL)
    message = str(caught.value)
    assert "kl" in message
    assert "MixtureSameFamily and Normal" in message
    assert "monte_carlo" in message
    assert "@closed_form(KL, MixtureSameFamily, Normal)" in message
    with pytest.raises(NoClosedFormError, match=r"^squared_wasserstein_2|^wasserstein_2") as caught:
        wasserstein_2(MIXTURE, NORMAL)
    assert "monte_carlo" not in str(caught.value)
    with pytest.raises(NoClosedFormError, match=r"^jeffreys must"):
        jeffreys(MIXTURE, NORMAL)


def test_a_transform_that_folds_has_no_closed_form():
    q, p = (
        TransformedDistribution(Normal(torch.tensor(mean), torch.tensor(1.0)), AbsTransform()) for mean in (3.0, -3.0)
    )
    assert torch.distributions.kl_divergence(q, p) == 18  # of the bases; the two are equal
    for divergence in (kl, Renyi(0.5)):
        assert not has_closed_form(divergence, q, p)


def test_event_shapes_must_agree():
    with pytest.raises(UsageError, match=r"same event shape, got \(\) and \(1,\)"):
        kl(NORMAL, Independent(Normal(torch.zeros(1), torch.ones(1)), 1))


def test_what_is_no_distribution_is_an_error_that_leads_on():
    with pytest.raises(UsageError, match=r"must be torch.distributions objects \(kl of Normal and Tensor\)"):
        kl(NORMAL, torch.zeros(3))


def test_batch_shapes_must_broadcast():
    with pytest.raises(UsageError, match=r"batch shapes that broadcast, got \(3,\) and \(4,\) \(kl of Normal"):
        kl(Normal(torch.zeros(3), 1.0), Normal(torch.zeros(4), 1.0))


@pytest.mark.parametrize("alpha", [0.0, -1.0, float("inf"), float("nan")])
def test_a_renyi_order_is_positive_and_finite(alpha):
    with pytest.raises(UsageError, match="alpha must be positive and finite"):
        Renyi(alpha)


def test_torch_is_asked_for_what_it_knows_and_left_as_it_was():
    before = dict(torch.distributions.kl._KL_REGISTRY)
    assert kl(Gamma(torch.tensor(2.0), torch.tensor(3.0)), NORMAL) > 0
    assert before == torch.distributions.kl._KL_REGISTRY
    assert not has_closed_form(kl, Poisson(torch.tensor(1.0)), NORMAL)
