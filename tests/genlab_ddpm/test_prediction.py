from typing import Any

import pytest
import torch
from genlab_ddpm.prediction import target, x_0_from
from linear_gaussian_diffusion import seeded


@pytest.mark.parametrize("prediction", ["eps", "x_0", "v"])
def test_the_target_stands_for_the_x_0_it_came_from(prediction: Any) -> None:
    x_0, eps = torch.randn(2, 50, generator=seeded(), dtype=torch.float64)
    signal = torch.rand(50, generator=seeded(1), dtype=torch.float64).clamp(0.01, 0.99)
    noise = (1 - signal**2).sqrt()
    x_t = signal * x_0 + noise * eps
    output = target(prediction, x_0, eps, signal, noise)
    assert torch.allclose(x_0_from(prediction, output, x_t, signal, noise), x_0, atol=1e-10)


def test_v_and_x_t_are_a_rotation_of_eps_and_x_0() -> None:
    angle = torch.tensor(0.4, dtype=torch.float64)
    x_0, eps = torch.tensor([1.5, -0.5], dtype=torch.float64)
    v = target("v", x_0, eps, angle.cos(), angle.sin())
    x_t = angle.cos() * x_0 + angle.sin() * eps
    assert (v**2 + x_t**2).item() == pytest.approx((x_0**2 + eps**2).item())
