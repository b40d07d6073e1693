import math

import pytest
import torch
from genlab_ddpm.cosine import Cosine


def test_alpha_bar_is_the_squared_cosine() -> None:
    alpha_bar = torch.cumprod(1 - Cosine(100, None, s=0.01).betas(), 0)
    f = [math.cos((t / 100 + 0.01) / 1.01 * math.pi / 2) ** 2 for t in range(101)]
    for t in (1, 30, 99):
        assert alpha_bar[t - 1] == pytest.approx(f[t] / f[0], rel=1e-9)


def test_no_beta_is_above_0_999() -> None:
    betas = Cosine(1000, None).betas()
    assert betas.max() == 0.999
    assert betas.min() > 0
