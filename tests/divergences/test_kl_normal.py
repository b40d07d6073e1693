import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genlab.divergences import kl_normal

means = st.floats(-20, 20)
log_vars = st.floats(-8, 8)


@given(means, log_vars, means, log_vars)
@settings(max_examples=50)
def test_kl_of_normals_equals_that_of_torch_distributions(q_mean, q_log_var, p_mean, p_log_var):
    values = [torch.tensor(value, dtype=torch.float64) for value in (q_mean, q_log_var, p_mean, p_log_var)]
    q = torch.distributions.Normal(values[0], (values[1] / 2).exp())
    p = torch.distributions.Normal(values[2], (values[3] / 2).exp())
    expected = torch.distributions.kl_divergence(q, p)
    torch.testing.assert_close(kl_normal(*values), expected, rtol=1e-9, atol=1e-12)


@given(means, log_vars, st.floats(-1e-6, 1e-6))
@settings(max_examples=50)
def test_kl_of_nearly_equal_normals_keeps_its_digits(mean, log_var, difference):
    one, two = (torch.tensor(value, dtype=torch.float64) for value in (mean, log_var))
    exact_ratio = (two + difference) - two
    kl = kl_normal(one, two + difference, one, two)
    torch.testing.assert_close(kl, exact_ratio**2 / 4, rtol=1e-5, atol=1e-18)


def test_a_variance_too_small_for_its_type_is_finite():
    log_var = torch.tensor(-300.0, requires_grad=True)
    assert (log_var / 2).exp() == 0
    divergence = kl_normal(torch.tensor(0.0), log_var, torch.tensor(0.0), torch.tensor(0.0))
    (gradient,) = torch.autograd.grad(divergence, log_var)
    assert divergence == 149.5
    assert gradient == -0.5


def test_the_second_normal_is_the_standard_one_by_default():
    mean, log_var, zero = torch.tensor([0.3, -2.0]), torch.tensor([-1.0, 0.5]), torch.zeros(())
    torch.testing.assert_close(kl_normal(mean, log_var), kl_normal(mean, log_var, zero, zero))
    torch.testing.assert_close(kl_normal(mean, log_var, None, log_var), kl_normal(mean, log_var, zero, log_var))
