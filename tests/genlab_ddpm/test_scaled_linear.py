import pytest
import torch
from genlab_ddpm.scaled_linear import ScaledLinear

from genlab.errors import IncompatibleError


def test_standard_deviations_rise_in_equal_steps() -> None:
    roots = ScaledLinear(50, None, beta_1=1e-4, beta_T=0.04).betas().sqrt()
    assert roots[0].item() == pytest.approx(0.01)
    assert roots[-1].item() == pytest.approx(0.2)
    assert torch.allclose(roots.diff(), roots.diff().mean())


@pytest.mark.parametrize("timesteps", [100, 300, 1000])
def test_the_signal_that_is_left_hardly_depends_on_how_many_steps_there_are(timesteps: int) -> None:
    left = torch.cumprod(1 - ScaledLinear(timesteps, None).betas(), 0)[-1].item()
    assert left == pytest.approx(5e-3, rel=0.3)


def test_the_default_is_that_of_latent_diffusion() -> None:
    betas = ScaledLinear(1000, None).betas()
    assert (betas[0].item(), betas[-1].item()) == pytest.approx((0.00085, 0.012))


def test_variances_that_fall_are_refused() -> None:
    with pytest.raises(IncompatibleError, match=r"must rise .* got 0\.5 and 0\.1"):
        ScaledLinear(10, None, beta_1=0.5, beta_T=0.1)
