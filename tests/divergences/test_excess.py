import math
from decimal import Decimal, getcontext

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from genlab.divergences.excess import exp_excess, lgamma_excess, nonnegative


def t(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64)


@given(st.floats(-30, 30).filter(lambda value: abs(value) > 1e-20))
@settings(max_examples=50)
def test_the_excess_of_exp_has_all_its_digits(value):
    getcontext().prec = 80
    exact = Decimal(value).exp() - 1 - Decimal(value)
    assert float(exp_excess(t(value))) == pytest.approx(float(exact), rel=1e-13, abs=0)


@pytest.mark.parametrize("value", [1e-6, 0.03, -0.0999, 0.0999, -0.11, 5.0])
def test_the_excess_of_exp_has_the_digits_of_single_precision(value):
    getcontext().prec = 80
    rounded = torch.tensor(value)
    exact = Decimal(rounded.item()).exp() - 1 - Decimal(rounded.item())
    assert float(exp_excess(rounded)) == pytest.approx(float(exact), rel=2e-6, abs=0)


@pytest.mark.parametrize("x", [1e-3, 0.4, 3.0, 1e4])
@pytest.mark.parametrize("ratio", [0.1, 0.6, 0.67, 0.999, 1 + 1e-9, 1.49, 1.51, 8.0])
def test_the_excess_of_lgamma_is_taylors_remainder(x, ratio):
    y = x * ratio
    remainder, _ = integrate.quad(lambda s: (1 - s) * special.polygamma(1, x + s * (y - x)), 0, 1)
    assert float(lgamma_excess(t(y), t(x))) == pytest.approx((y - x) ** 2 * remainder, rel=1e-9, abs=0)


def test_gradients_are_right_on_both_sides_of_the_switch():
    for values in ((0.0999, 0.1001, -0.0999, -0.1001, 0.0), (2.0, -3.0)):
        assert torch.autograd.gradcheck(exp_excess, torch.tensor(values, dtype=torch.float64, requires_grad=True))
    y = torch.tensor([2.0, 2.99, 3.01, 1.34, 1.33, 9.0], dtype=torch.float64, requires_grad=True)
    x = torch.full((6,), 2.0, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lgamma_excess, (y, x))


def test_an_overflow_leaves_the_gradient_of_its_neighbors_alone():
    values = torch.tensor([1e4, 0.01, -1e4], requires_grad=True)
    excess = exp_excess(values)
    assert excess[0] == math.inf
    (gradient,) = torch.autograd.grad(excess[1:].sum(), values)
    assert gradient.isfinite().all()


def test_the_excess_of_exp_is_known_at_both_infinities():
    assert exp_excess(t(math.inf)) == exp_excess(t(-math.inf)) == math.inf


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")  # torch's own, where it loads forward mode
def test_the_excess_of_exp_can_be_transformed_and_differentiated_twice():
    values = torch.tensor([-2.0, 0.01, 3.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(exp_excess, values)
    slopes = torch.func.vmap(torch.func.grad(exp_excess))(values.detach())
    torch.testing.assert_close(slopes, torch.expm1(values.detach()))
    curvatures = torch.func.hessian(lambda t: exp_excess(t).sum())(values.detach()).diag()
    torch.testing.assert_close(curvatures, torch.exp(values.detach()))


def test_what_rounding_made_negative_is_zero_with_its_gradient():
    value = torch.tensor([-1e-17, 2.0], dtype=torch.float64, requires_grad=True)
    clipped = nonnegative(value)
    assert clipped.tolist() == [0.0, 2.0]
    assert torch.autograd.grad(clipped.sum(), value)[0].tolist() == [1.0, 1.0]
