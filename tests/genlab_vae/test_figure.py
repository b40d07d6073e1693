import pytest
import torch
from genlab_vae.bernoulli import Bernoulli
from genlab_vae.family import DiagonalGaussian
from genlab_vae.figure import Reconstructions
from genlab_vae.gaussian import Gaussian
from genlab_vae.mlp import MLPDecoder, MLPEncoder
from genlab_vae.model import VAE

from genlab.data.tensor_split import TensorSplit
from genlab.interfaces import DataSpec, FigureContext, Part, Splits


def context(shape: tuple[int, ...], latent_dim: int, levels: int | None = 2, *, labels: bool = True) -> FigureContext:
    spec = DataSpec("toy", shape, 20, levels=levels, num_classes=3 if labels else None)
    x = torch.arange(20 * spec.num_dims).reshape(20, *shape) % 2
    split = TensorSplit(x.to(torch.uint8 if levels else torch.float32), y=torch.arange(20) % 3 if labels else None)
    empty = TensorSplit(x[:0].to(torch.uint8), y=None)
    likelihood = Part(Bernoulli) if levels else Part(Gaussian)
    model = VAE(spec, latent_dim=latent_dim, likelihood=likelihood, decoder=Part(MLPDecoder, {"hidden": (4,)}))
    family = DiagonalGaussian(model, spec, encoder=Part(MLPEncoder, {"hidden": (4,)}))
    data = Splits(spec, train=split, validation=empty, test=split)
    return FigureContext(model, family, data, None, (), torch.Generator().manual_seed(0))


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_images_stand_above_their_reconstructions(channels: int) -> None:
    canvas = Reconstructions().draw(context((channels, 4, 4), 3))
    assert canvas is not None
    assert len(canvas.axes) == 24
    assert [axis.get_title(loc="left") for axis in canvas.axes if axis.get_title(loc="left")] == [
        "original",
        "reconstruction",
    ]
    canvas.canvas.draw()


def test_two_latent_dimensions_are_drawn_as_a_plane_with_a_colour_a_class() -> None:
    canvas = Reconstructions().draw(context((1, 4, 4), 2))
    assert canvas is not None
    plane = canvas.axes[-1]
    assert len(plane.collections) == 3
    canvas.canvas.draw()


def test_a_table_with_two_latent_dimensions_gets_the_plane_alone() -> None:
    canvas = Reconstructions().draw(context((5,), 2, levels=None, labels=False))
    assert canvas is not None
    assert len(canvas.axes) == 1
    canvas.canvas.draw()


def test_a_table_with_more_latent_dimensions_gets_no_figure() -> None:
    assert Reconstructions().draw(context((5,), 3, levels=None)) is None
