import pytest
import torch
from genlab_mixture.factors import GlobalFactors
from mixture_learned_by_hand import KINDS


def factors_of(kind, seed=0):
    mixture = kind(num_dims=2, seed=seed)
    return GlobalFactors(torch.tensor(mixture.a), mixture.components())


@pytest.mark.parametrize("kind", KINDS)
def test_natural_parameters_go_round(kind):
    factors = factors_of(kind)
    back = factors.with_natural(factors.natural())
    torch.testing.assert_close(back.concentration, factors.concentration)
    for name, value in factors.components.tensors().items():
        torch.testing.assert_close(back.components.tensors()[name], value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_step_ends_at_the_target_to_the_last_bit(kind):
    target = factors_of(kind, seed=1)
    arrived = factors_of(kind, seed=0).moved(target, 1.0)
    assert torch.equal(arrived.concentration, target.concentration)
    for name, value in target.components.tensors().items():
        assert torch.equal(arrived.components.tensors()[name], value)


@pytest.mark.parametrize("kind", KINDS)
def test_half_a_step_is_half_way_in_natural_parameters(kind):
    here, target = factors_of(kind, seed=0), factors_of(kind, seed=1)
    half = here.moved(target, 0.5)
    for ours, one, other in zip(half.natural(), here.natural(), target.natural(), strict=True):
        torch.testing.assert_close(ours, (one + other) / 2)
