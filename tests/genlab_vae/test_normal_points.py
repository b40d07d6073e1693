"""Expectations under a standard normal law at fixed points."""

import math

import pytest
import torch
from genlab_vae.normal_points import moments
from torch import Tensor

ONE = torch.ones((), dtype=torch.float64)


@pytest.mark.parametrize("num_dims", [1, 5, 50])
def test_the_moments_of_a_linear_function_of_each_number_are_exact(num_dims: int) -> None:
    shift, scale = torch.linspace(-3, 3, num_dims, dtype=torch.float64), 0.1 + torch.arange(num_dims).double()
    mean, var = moments(lambda eps: shift + scale * eps, num_dims, ONE)
    torch.testing.assert_close(mean[0], shift, atol=1e-12, rtol=1e-12)
    torch.testing.assert_close(var[0], scale.square())


@pytest.mark.parametrize("num_dims", [1, 5, 50])
def test_curved_functions_come_near_their_known_moments(num_dims: int) -> None:
    def curved(eps: Tensor) -> Tensor:
        mixed = eps.sum(-1, keepdim=True) / math.sqrt(num_dims)  # standard normal too
        return torch.cat([torch.exp(0.5 * mixed), mixed.abs(), mixed.square()], -1)

    mean, var = moments(curved, num_dims, ONE)
    exact = torch.tensor([math.exp(1 / 8), math.sqrt(2 / math.pi), 1.0]).double()
    spread = torch.tensor([math.exp(1 / 2) - math.exp(1 / 4), 1 - 2 / math.pi, 2.0]).double()
    assert ((mean[0] - exact).abs() < 0.1 * spread.sqrt()).all()
    torch.testing.assert_close(var[0], spread, rtol=0.3, atol=0)


def test_results_have_the_precision_asked_for() -> None:
    mean, var = moments(lambda eps: eps, 2, torch.ones(()))
    assert mean.dtype == var.dtype == torch.float32
