import math

import pytest
import torch
from genlab_ddpm.sigmoid import Sigmoid

from genlab.errors import IncompatibleError


def test_alpha_bar_is_the_rescaled_logistic_curve() -> None:
    alpha_bar = torch.cumprod(1 - Sigmoid(100, None, start=-2.0, end=4.0, tau=0.7).betas(), 0)

    def f(time: float) -> float:
        return 1 / (1 + math.exp((-2 + 6 * time) / 0.7))

    for t in (1, 30, 99):
        expected = (f(t / 100) - f(1)) / (f(0) - f(1))
        assert alpha_bar[t - 1] == pytest.approx(expected, rel=1e-9)


def test_every_beta_is_a_variance() -> None:
    for timesteps in (1, 2, 1000, 4000):
        betas = Sigmoid(timesteps, None).betas()
        assert betas.max() <= 0.999
        assert betas.min() > 0


def test_a_start_above_the_end_is_refused() -> None:
    with pytest.raises(IncompatibleError, match="start below end, got 3 and -3"):
        Sigmoid(10, None, start=3.0, end=-3.0)
