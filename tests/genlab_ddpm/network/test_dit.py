from typing import Any

import pytest
import torch
from genlab_ddpm.network import NetworkSpec
from genlab_ddpm.network.dit import DiT
from linear_gaussian_diffusion import seeded
from torch import nn

from genlab.errors import IncompatibleError


def shaken(spec: NetworkSpec, **keys: Any) -> DiT:
    network = DiT(spec, **keys).double()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.2, generator=seeded())
    return network


@pytest.mark.parametrize(
    ("spec", "keys"),
    [
        (NetworkSpec((1, 8, 8)), {"dim": 16}),
        (NetworkSpec((3, 8, 4), num_outputs=2), {"dim": 24, "heads": 3, "patch": 4, "depth": 1}),
        (NetworkSpec((1, 28, 28), num_classes=10), {"dim": 8, "heads": 2, "patch": 7, "depth": 2}),
    ],
)
def test_every_output_has_the_shape_of_the_image_and_starts_at_zero(spec: NetworkSpec, keys: dict[str, Any]) -> None:
    network = DiT(spec, **keys)
    x_t = torch.randn((2, *spec.event_shape), generator=seeded())
    y = None if spec.num_classes is None else torch.tensor([0, spec.num_classes])
    output = network(x_t, torch.tensor([1, 1000]), y)
    assert output.shape == (2, spec.num_outputs, *spec.event_shape)
    assert not output.any()


def test_the_timestep_the_class_and_every_pixel_matter() -> None:
    network = shaken(NetworkSpec((1, 8, 8), num_classes=3), dim=16)
    x_t = torch.randn(1, 1, 8, 8, generator=seeded(), dtype=torch.float64).requires_grad_()
    answers = [network(x_t, torch.tensor([t]), torch.tensor([y])) for t, y in ((3, 0), (800, 0), (3, 1))]
    assert not torch.allclose(answers[0], answers[1])
    assert not torch.allclose(answers[0], answers[2])
    (gradient,) = torch.autograd.grad(answers[0][0, 0, 0, 0, 0], x_t)
    assert (gradient != 0).all()


def test_patches_are_put_back_where_they_came_from() -> None:
    network = DiT(NetworkSpec((2, 6, 4)), patch=2, dim=8, depth=1)
    image = torch.arange(48.0).reshape(1, 2, 6, 4)
    cut = torch.nn.functional.unfold(image, 2, stride=2).transpose(1, 2)
    assert torch.equal(network._image(cut)[:, 0], image)


def test_without_positions_it_would_not_know_where_a_patch_is() -> None:
    network = shaken(NetworkSpec((1, 4, 4)), dim=16, depth=2)
    x_t = torch.randn(1, 1, 4, 4, generator=seeded(), dtype=torch.float64)
    t = torch.tensor([5])
    flipped = network(x_t.flip(-1), t).flip(-1)
    assert not torch.allclose(flipped, network(x_t, t))


def test_dropout_needs_a_generator() -> None:
    network = shaken(NetworkSpec((1, 8, 8)), dim=16, dropout=0.5)
    x_t, t = torch.randn(2, 1, 8, 8, generator=seeded(), dtype=torch.float64), torch.tensor([1, 2])
    assert torch.equal(network(x_t, t), network(x_t, t))
    assert not torch.equal(network(x_t, t, None, seeded()), network(x_t, t))


@pytest.mark.parametrize(
    ("event_shape", "keys", "message"),
    [
        ((5,), {}, r"must be images .* got shape \(5,\)"),
        ((1, 9, 8), {}, "must divide height and width, 9 and 8, got 2"),
        ((1, 8, 8), {"dim": 18, "heads": 3}, "multiple of 4 and of the 3 heads, got 18"),
    ],
)
def test_what_does_not_fit_is_refused(event_shape: tuple[int, ...], keys: dict[str, Any], message: str) -> None:
    with pytest.raises(IncompatibleError, match=message):
        DiT(NetworkSpec(event_shape), **keys)
