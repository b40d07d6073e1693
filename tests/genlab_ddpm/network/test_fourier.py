import math

import torch
from genlab_ddpm.network import NetworkSpec
from genlab_ddpm.network.fourier import with_fourier_features
from genlab_ddpm.network.unet import UNet
from linear_gaussian_diffusion import seeded


def test_each_exponent_adds_a_sine_and_a_cosine_of_every_channel() -> None:
    x = torch.rand(2, 3, 4, 4, generator=seeded(), dtype=torch.float64)
    features = with_fourier_features(x, (0, 3))
    assert features.shape == (2, 15, 4, 4)
    assert torch.equal(features[:, :3], x)
    assert torch.allclose(features[:, 6:9], torch.sin(8 * math.pi * x))
    assert torch.allclose(features[:, 12:15], torch.cos(8 * math.pi * x))
    assert with_fourier_features(x, ()) is x


def test_a_network_with_features_tells_neighboring_grey_levels_apart() -> None:
    def change(fourier: tuple[int, ...]) -> float:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            network = UNet(NetworkSpec((1, 8, 8)), channels=(8, 8), blocks=1, fourier=fourier)
        torch.nn.init.normal_(network.last.weight, generator=seeded())
        x, t = torch.zeros(1, 1, 8, 8), torch.tensor([1])
        other = x.clone()
        other[0, 0, 4, 4] = 2 / 255
        difference: torch.Tensor = network(other, t) - network(x, t)
        return difference.abs().max().item()

    assert change((7, 8)) > 10 * change(())
