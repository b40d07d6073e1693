import torch
from genlab_mixture.factors import GlobalFactors, NaturalParameters
from mixture_by_hand import example


def natural(seed):
    mixture = example(num_dims=2, seed=seed)
    factors = GlobalFactors(*(torch.tensor(value) for value in (mixture.a, mixture.m, mixture.v)))
    return factors, NaturalParameters.of(factors, torch.tensor(mixture.m0)), torch.tensor(mixture.m0)


def test_natural_parameters_go_round():
    factors, parameters, mean_loc = natural(0)
    back = parameters.factors(mean_loc)
    torch.testing.assert_close(back.concentration, factors.concentration)
    torch.testing.assert_close(back.mean, factors.mean)
    torch.testing.assert_close(back.var, factors.var)


def test_a_full_step_ends_at_the_target_to_the_last_bit():
    _, here, _ = natural(0)
    _, target, _ = natural(1)
    arrived = NaturalParameters(here.concentration * 1e9, here.location * 1e9, here.precision).moved(target, 1.0)
    assert torch.equal(arrived.concentration, target.concentration)
    assert torch.equal(arrived.location, target.location)
    assert torch.equal(arrived.precision, target.precision)
