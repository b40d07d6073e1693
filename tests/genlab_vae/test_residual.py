import pytest
import torch
from genlab_vae.residual import ResidualDecoder, ResidualEncoder
from torch import nn

from genlab.errors import IncompatibleError


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 28, 28), (2, 5, 9), (1, 1, 1)])
@pytest.mark.parametrize("channels", [(), (4,), (12, 6, 3)])
def test_outputs_have_the_shapes_asked_for(shape: tuple[int, ...], channels: tuple[int, ...]) -> None:
    assert ResidualEncoder(shape, 4, channels=channels)(torch.zeros(3, *shape)).shape == (3, 4)
    assert ResidualDecoder(2, shape, channels=channels)(torch.zeros(3, 2)).shape == (3, *shape)


def without_blocks(network: nn.Module) -> nn.Sequential:
    assert isinstance(network.layers, nn.Sequential)
    return nn.Sequential(*(layer for layer in network.layers if not hasattr(layer, "branch")))


@pytest.mark.parametrize("network", [ResidualEncoder((1, 8, 8), 4, blocks=2), ResidualDecoder(4, (1, 8, 8), blocks=2)])
def test_blocks_begin_as_the_identity_and_learn_at_once(network: nn.Module) -> None:
    given = torch.randn((2, 4) if isinstance(network, ResidualDecoder) else (2, 1, 8, 8))
    output = network(given)
    assert torch.equal(output, without_blocks(network)(given))
    output.square().sum().backward()
    blocks = [layer for layer in network.layers if hasattr(layer, "branch")]  # type: ignore[union-attr, operator]
    assert len(blocks) == 4
    assert all(bool((block.branch[-1].weight.grad != 0).any()) for block in blocks)


def test_an_observation_does_not_see_the_others_in_training() -> None:
    network, x = ResidualEncoder((1, 8, 8), 4).double().train(), torch.randn(3, 1, 8, 8).double()
    torch.testing.assert_close(network(x)[1:2], network(x[1:2]))


@pytest.mark.parametrize("channels", [1, 3, 4, 12, 64])
def test_an_image_of_one_pixel_keeps_what_tells_it_from_others(channels: int) -> None:
    encoder = ResidualEncoder((1, 2, 2), 3, channels=(channels,)).double().train()
    first, second = torch.randn(2, 1, 1, 2, 2, generator=torch.Generator().manual_seed(0)).double()
    assert not torch.allclose(encoder(first), encoder(second))


def test_every_pixel_depends_on_z() -> None:
    decoder = ResidualDecoder(3, (1, 7, 10), channels=(4, 4)).double()
    first, second = decoder(torch.randn(2, 3, generator=torch.Generator().manual_seed(0)).double())
    assert (first != second).all()


def test_what_is_no_image_is_refused() -> None:
    with pytest.raises(IncompatibleError, match=r"encoder 'residual' must have .* got \(5,\). Use encoder 'mlp'"):
        ResidualEncoder((5,), 2)
    with pytest.raises(IncompatibleError, match=r"Use decoder 'mlp'"):
        ResidualDecoder(2, (5,))
