"""Inpainting, on two neighbouring pixels whose joint law is a known Gaussian."""

from pathlib import Path

import numpy as np
import pytest
import torch
from genlab_ddpm.inpainting import Inpainting
from genlab_ddpm.linear import Linear
from genlab_ddpm.model import DDPM
from genlab_ddpm.network import Network, NetworkSpec
from linear_gaussian_diffusion import seeded
from PIL import Image
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces import DataSpec, Part

COVARIANCE = 0.04 * torch.tensor([[1.0, 0.8], [0.8, 1.0]], dtype=torch.float64)
T = 240
BETAS = {"beta_1": 3e-4, "beta_T": 0.06}


class Correlated(Network):
    """The optimal denoiser of two pixels that are N(0, C): x_0_hat = s C (s^2 C + n^2 I)^-1 x_t."""

    def __init__(self, spec: NetworkSpec, /) -> None:
        super().__init__()
        alpha_bar = torch.cumprod(1 - Linear(T, None, **BETAS).betas(), 0)
        signal, noise_var = alpha_bar.sqrt()[:, None, None], (1 - alpha_bar)[:, None, None]
        total = alpha_bar[:, None, None] * COVARIANCE + noise_var * torch.eye(2, dtype=torch.float64)
        self.gain = signal * COVARIANCE @ torch.linalg.inv(total)

    def forward(
        self, x_t: Tensor, t: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        x_0_hat: Tensor = (self.gain[t - 1] @ x_t.double().flatten(1).unsqueeze(-1)).reshape(x_t.shape)
        return x_0_hat.unsqueeze(1)


def model() -> DDPM:
    return DDPM(
        DataSpec("pair", (1, 1, 2), 10, levels=256),
        timesteps=T,
        schedule=Part(Linear, BETAS),
        network=Part(Correlated),
        prediction="x_0",
    ).double()


def pictures(folder: Path, left: int) -> dict[str, Path]:
    """Save an image whose left pixel is known, and its mask."""
    for name, pixels in (("image", [[left, 0]]), ("mask", [[0, 255]])):
        Image.fromarray(np.array(pixels, dtype=np.uint8)).save(folder / f"{name}.png")
    return {"image": folder / "image.png", "mask": folder / "mask.png"}


def test_known_pixels_are_kept_and_unknown_ones_follow_their_conditional_law(tmp_path: Path) -> None:
    here = model()
    left = 2 * 170 / 255 - 1
    sampler = Inpainting(here, steps=T, repeats=15, **pictures(tmp_path, 170))
    x = sampler.draw(here, 1500, generator=seeded()).x
    assert (x[:, 0, 0, 0] == 170).all()
    right = 2 * x[:, 0, 0, 1] / 255 - 1
    assert right.mean().item() == pytest.approx(0.8 * left, abs=0.02)
    assert right.std().item() == pytest.approx((0.04 * (1 - 0.8**2)) ** 0.5, rel=0.16)


def test_one_repeat_alone_hardly_sees_the_known_pixels(tmp_path: Path) -> None:
    here = model()
    left = 2 * 170 / 255 - 1
    means = []
    for repeats in (1, 8):
        sampler = Inpainting(here, steps=T, repeats=repeats, **pictures(tmp_path, 170))
        means.append((2 * sampler.draw(here, 1000, generator=seeded()).x[:, 0, 0, 1] / 255 - 1).mean().item())
    assert abs(means[0] - 0.8 * left) > abs(means[1] - 0.8 * left)


def test_pictures_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    given = pictures(tmp_path, 10)
    Image.fromarray(np.zeros((3, 2), dtype=np.uint8)).save(tmp_path / "tall.png")
    with pytest.raises(IncompatibleError, match=r"sampler.image must be 2 x 1 pixels, as the data are, got 2 x 3"):
        Inpainting(model(), steps=5, image=tmp_path / "tall.png", mask=given["mask"])
    with pytest.raises(IncompatibleError, match=r"sampler.mask must be a picture that can be read"):
        Inpainting(model(), steps=5, image=given["image"], mask=tmp_path / "absent.png")
