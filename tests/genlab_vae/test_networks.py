from math import prod

import pytest
import torch
from genlab_vae.conv import ConvDecoder, ConvEncoder
from genlab_vae.mlp import MLPDecoder, MLPEncoder

from genlab.errors import IncompatibleError

SHAPES = [(1, 8, 8), (1, 28, 28), (3, 32, 32), (2, 5, 9), (1, 1, 1)]


@pytest.mark.parametrize("shape", [*SHAPES, (7,)])
@pytest.mark.parametrize("hidden", [(), (6,), (6, 5)])
def test_mlps_have_the_shapes_they_were_given(shape: tuple[int, ...], hidden: tuple[int, ...]) -> None:
    assert MLPEncoder(shape, 4, hidden=hidden)(torch.zeros(3, *shape)).shape == (3, 4)
    assert MLPDecoder(2, shape, hidden=hidden)(torch.zeros(3, 2)).shape == (3, *shape)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("channels", [(), (4,), (4, 6, 8)])
def test_convolutions_have_the_shapes_they_were_given(shape: tuple[int, ...], channels: tuple[int, ...]) -> None:
    assert ConvEncoder(shape, 4, channels=channels)(torch.zeros(3, *shape)).shape == (3, 4)
    assert ConvDecoder(2, shape, channels=channels)(torch.zeros(3, 2)).shape == (3, *shape)


def test_no_hidden_layer_means_a_linear_network() -> None:
    network = MLPEncoder((5,), 2, hidden=()).double()
    x = torch.randn(2, 5, generator=torch.Generator().manual_seed(0)).double()
    offset = network(torch.zeros(1, 5).double())
    assert torch.allclose(network(x.sum(0, keepdim=True)) - offset, (network(x) - offset).sum(0, keepdim=True))


@pytest.mark.parametrize(("name", "function"), [("relu", torch.relu), ("tanh", torch.tanh)])
def test_the_activation_comes_between_layers_and_not_after(name: str, function: object) -> None:
    network = MLPEncoder((3,), 2, hidden=(4,), activation=name)
    first, _, last = network.layers
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(network(x), last(function(first(x))))


def test_convolutions_refuse_what_is_no_image() -> None:
    with pytest.raises(IncompatibleError, match=r"got \(5,\). Use encoder 'mlp'"):
        ConvEncoder((5,), 2)
    with pytest.raises(IncompatibleError, match=r"got \(5,\). Use decoder 'mlp'"):
        ConvDecoder(2, (5,))


def test_every_output_pixel_of_the_decoder_depends_on_z() -> None:
    decoder = ConvDecoder(3, (1, 7, 10), channels=(4, 4), activation="tanh").double()
    z = torch.randn(2, 3, generator=torch.Generator().manual_seed(0)).double()
    first, second = decoder(z)
    assert int((first != second).sum()) == prod((1, 7, 10))
