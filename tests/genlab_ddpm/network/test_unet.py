from typing import Any

import pytest
import torch
import torch.nn.functional as F
from genlab_ddpm.network import NetworkSpec
from genlab_ddpm.network.attention import _attend
from genlab_ddpm.network.residual import drop, group_norm
from genlab_ddpm.network.time_embedding import TimeEmbedding
from genlab_ddpm.network.unet import UNet
from linear_gaussian_diffusion import seeded
from torch import nn

from genlab.errors import IncompatibleError

HO_CIFAR10 = {"channels": (128, 256, 256, 256), "blocks": 2, "attention": (1,), "groups": 32, "dropout": 0.1}


@pytest.mark.parametrize(
    ("event_shape", "keys"),
    [
        ((1, 8, 8), {"channels": (4, 8)}),
        ((1, 28, 28), {"channels": (4, 8, 8), "blocks": 1, "attention": (1, 2)}),
        ((1, 28, 28), {"channels": (4, 4, 4, 8), "blocks": 1}),
        ((3, 32, 32), {"channels": (4,), "blocks": 2}),
        ((2, 5, 7), {"channels": (4, 6, 8)}),
    ],
)
@pytest.mark.parametrize("num_outputs", [1, 2])
def test_every_output_has_the_shape_of_the_image(
    event_shape: tuple[int, ...], keys: dict[str, Any], num_outputs: int
) -> None:
    network = UNet(NetworkSpec(event_shape, num_outputs), **keys)
    x_t = torch.randn((2, *event_shape), generator=seeded())
    for network_ in (network, network.to(memory_format=torch.channels_last)):
        assert network_(x_t, torch.tensor([1, 1000])).shape == (2, num_outputs, *event_shape)


def test_a_fresh_network_predicts_zero() -> None:
    output = UNet(NetworkSpec((1, 8, 8)), channels=(4, 8))(
        torch.randn(3, 1, 8, 8, generator=seeded()), torch.tensor([1, 5, 9])
    )
    assert not output.any()


def test_the_timestep_and_every_pixel_matter() -> None:
    network = UNet(NetworkSpec((1, 8, 8)), channels=(4, 8), blocks=1).double()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.2, generator=seeded())
    x_t = torch.randn(1, 1, 8, 8, generator=seeded(), dtype=torch.float64).requires_grad_()
    early, late = (network(x_t, torch.tensor([t])) for t in (3, 800))
    assert not torch.allclose(early, late)
    (gradient,) = torch.autograd.grad(early[0, 0, 0, 0, 0], x_t)
    assert (gradient != 0).all()


def test_the_network_of_ho_et_al_for_cifar10_is_reached_by_keys() -> None:
    network = UNet(NetworkSpec((3, 32, 32)), **HO_CIFAR10)
    assert sum(parameter.numel() for parameter in network.parameters()) == 35_746_307


@pytest.mark.parametrize(
    ("event_shape", "keys", "message"),
    [
        ((5,), {}, r"must be images .* got shape \(5,\)"),
        ((1, 8, 8), {"channels": ()}, "must name at least one level"),
        ((1, 8, 8), {"attention": (2,)}, "must name levels 0 to 1, got 2"),
        ((1, 8, 8), {"channels": (6, 8), "groups": 4}, "multiple of its 4 groups, got 6"),
    ],
)
def test_what_does_not_fit_is_refused(event_shape: tuple[int, ...], keys: dict[str, Any], message: str) -> None:
    with pytest.raises(IncompatibleError, match=message):
        UNet(NetworkSpec(event_shape), **keys)


@pytest.mark.parametrize(("channels", "groups"), [(8, 1), (40, 2), (50, 2), (96, 6), (53, 1)])
def test_groups_hold_at_least_16_channels_where_there_are_as_many(channels: int, groups: int) -> None:
    assert group_norm(channels, None).num_groups == groups


def test_attention_in_bfloat16_is_near_attention_in_float32() -> None:
    q, k, v = torch.randn(3, 2, 9, 16, generator=seeded())
    ours = _attend(q.bfloat16(), k.bfloat16(), v.bfloat16()).float()
    weights = torch.softmax(q @ k.transpose(1, 2) / 4, -1)
    assert torch.allclose(ours, weights @ v, atol=0.05)
    assert torch.allclose(_attend(q, k, v), weights @ v, atol=1e-5)


def test_attention_is_asked_for_in_the_shape_that_fused_kernels_take(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = []

    def fused(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        shapes.extend([q.shape, k.shape, v.shape])
        return v

    monkeypatch.setattr(F, "scaled_dot_product_attention", fused)
    assert _attend(*torch.zeros(3, 2, 9, 16)).shape == (2, 9, 16)
    assert shapes == [(2, 1, 9, 16)] * 3


def test_timesteps_next_to_each_other_and_far_apart_are_told_apart() -> None:
    embedding = TimeEmbedding(16, 32)
    angles: list[torch.Tensor] = []
    embedding.layers.register_forward_pre_hook(lambda _, inputs: angles.append(inputs[0]))
    embedding(torch.tensor([1, 2, 1000]))
    assert torch.cdist(angles[0], angles[0]).fill_diagonal_(9).min() > 0.5


def test_dropout_keeps_the_mean() -> None:
    h = drop(torch.ones(100_000), 0.3, seeded())
    assert h.mean().item() == pytest.approx(1, abs=0.01)
    assert (h == 0).double().mean().item() == pytest.approx(0.3, abs=0.01)


def test_dropout_needs_a_generator() -> None:
    network = UNet(NetworkSpec((1, 8, 8)), channels=(4, 8), blocks=1, dropout=0.5)
    nn.init.normal_(network.last.weight, generator=seeded())
    for block in network.modules():
        if hasattr(block, "conv_2"):
            nn.init.normal_(block.conv_2.weight, generator=seeded())
    x_t, t = torch.randn(2, 1, 8, 8, generator=seeded()), torch.tensor([1, 2])
    assert torch.equal(network(x_t, t), network(x_t, t))
    assert not torch.equal(network(x_t, t, None, seeded()), network(x_t, t))
    assert torch.equal(network(x_t, t, None, seeded()), network(x_t, t, None, seeded()))
