from dataclasses import replace

import numpy as np
import pytest
import torch
from genlab_vae.bernoulli import Bernoulli
from genlab_vae.family import DiagonalGaussian
from genlab_vae.figure import Reconstructions
from genlab_vae.gaussian import Gaussian
from genlab_vae.gaussian_mixture import GaussianMixture
from genlab_vae.interpolation_figure import Interpolations
from genlab_vae.latents_figure import Latents
from genlab_vae.manifold_figure import Manifold
from genlab_vae.mlp import MLPDecoder, MLPEncoder
from genlab_vae.model import VAE
from genlab_vae.posterior_means_figure import PosteriorMeans
from genlab_vae.traversal_figure import Traversals
from genlab_vae.two_layer_gaussian import TwoLayerGaussian
from genlab_vae.two_layers import TwoLayerVAE
from scipy.stats import norm

from genlab.data.tensor_split import TensorSplit
from genlab.interfaces import DataSpec, Figure, FigureContext, Part, Splits


def context(shape: tuple[int, ...], latent_dim: int, levels: int | None = 2, *, labels: bool = True) -> FigureContext:
    spec = DataSpec("toy", shape, 20, levels=levels, num_classes=3 if labels else None)
    x = torch.arange(20 * spec.num_dims).reshape(20, *shape) % 2
    split = TensorSplit(x.to(torch.uint8 if levels else torch.float32), y=torch.arange(20) % 3 if labels else None)
    empty = TensorSplit(x[:0].to(torch.uint8), y=None)
    likelihood = Part(Bernoulli) if levels else Part(Gaussian)
    torch.manual_seed(0)
    model = VAE(spec, latent_dim=latent_dim, likelihood=likelihood, decoder=Part(MLPDecoder, {"hidden": (4,)}))
    family = DiagonalGaussian(model, spec, encoder=Part(MLPEncoder, {"hidden": (4,)}))
    data = Splits(spec, train=split, validation=empty, test=split)
    return FigureContext(model, family, data, None, (), torch.Generator().manual_seed(0))


IMAGES = [Reconstructions, Traversals, Interpolations]


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("figure", IMAGES)
def test_images_of_any_number_of_channels_are_drawn_in_one_grid(figure: type[Figure], channels: int) -> None:
    canvas = figure().draw(context((channels, 4, 6), 3))
    assert canvas is not None
    (picture,) = canvas.axes[0].get_images()
    rows, columns = {Reconstructions: (2, 12), Traversals: (3, 11), Interpolations: (6, 11)}[figure]
    shape = picture.get_array().shape
    assert shape == (rows * 5, columns * 7, 3)[: 3 if channels == 3 else 2]
    canvas.canvas.draw()


@pytest.mark.parametrize("figure", [*IMAGES, Manifold])
def test_a_table_has_no_images(figure: type[Figure]) -> None:
    assert figure().draw(context((5,), 2, levels=None)) is None


def test_originals_stand_above_their_reconstructions() -> None:
    given = context((1, 4, 4), 3)
    canvas = Reconstructions().draw(given)
    assert canvas is not None
    (picture,) = canvas.axes[0].get_images()
    tiles = torch.from_numpy(picture.get_array().data).unfold(0, 5, 5).unfold(1, 5, 5)[..., :4, :4]
    (batch,) = given.data.test.batches([torch.arange(12)], given.generator)
    assert torch.equal(tiles[0], batch.x[:, 0].float())
    with torch.no_grad():
        means = given.family.posterior(batch.x).describe()["mean"]
        assert isinstance(given.model, VAE)
        torch.testing.assert_close(tiles[1], given.model.mean_given(means)[:, 0])


def test_a_traversal_moves_one_latent_and_an_interpolation_goes_from_end_to_end() -> None:
    seen = []
    given = context((1, 4, 4), 3)
    assert isinstance(given.model, VAE)
    mean_given = given.model.mean_given
    given.model.mean_given = lambda z: seen.append(z) or mean_given(z)  # type: ignore[method-assign]
    Traversals().draw(given)
    Interpolations().draw(given)
    traversed, between = seen[0].reshape(3, 11, 3), seen[1].reshape(6, 9, 3)
    for row in traversed:
        moved = [latent for latent in range(3) if row[:, latent].unique().numel() > 1]
        assert len(moved) == 1
        torch.testing.assert_close(row[:, moved[0]], torch.linspace(-3, 3, 11))
    (batch,) = given.data.test.batches([torch.arange(12)], given.generator)
    with torch.no_grad():
        means = given.family.posterior(batch.x).describe()["mean"]
    torch.testing.assert_close(between[:, 0], means[:6])
    torch.testing.assert_close(between[:, -1], means[6:])


def test_a_traversal_goes_as_far_as_the_prior_does() -> None:
    seen = []
    given = context((1, 4, 4), 2)
    assert isinstance(given.model, VAE)
    given.model.prior = GaussianMixture(2, given.data.spec, components=1)
    with torch.no_grad():
        given.model.prior.means.copy_(torch.tensor([[5.0, -7.0]]))
        given.model.prior.log_vars.copy_(torch.tensor([[4.0, 0.25]]).log())
    mean_given = given.model.mean_given
    given.model.mean_given = lambda z: seen.append(z) or mean_given(z)  # type: ignore[method-assign]
    canvas = Traversals().draw(given)
    assert canvas is not None
    assert "under the prior" in canvas.axes[0].get_xlabel()
    for row in seen[0].reshape(2, 11, 2):
        (moved,) = (latent for latent in range(2) if row[:, latent].unique().numel() > 1)
        expected = torch.linspace(-3, 3, 11) * (2.0, 0.5)[moved] + (5.0, -7.0)[moved]
        torch.testing.assert_close(row[:, moved], expected, rtol=0, atol=0.7)  # by 10,000 draws: 4 errors at the ends


def test_the_manifold_is_a_grid_of_equally_probable_latents() -> None:
    seen = []
    given = context((1, 4, 4), 2)
    assert isinstance(given.model, VAE)
    mean_given = given.model.mean_given
    given.model.mean_given = lambda z: seen.append(z) or mean_given(z)  # type: ignore[method-assign]
    assert Manifold().draw(given) is not None
    z = seen[0].reshape(21, 21, 2).double()
    expected = norm.ppf((np.arange(21) + 0.5) / 21)
    np.testing.assert_allclose(z[3, :, 0], expected, atol=1e-6)
    np.testing.assert_allclose(z[:, 5, 1], expected[::-1], atol=1e-6)
    assert Manifold().draw(context((1, 4, 4), 3)) is None


def test_posterior_means_have_a_colour_a_class() -> None:
    canvas = PosteriorMeans().draw(context((1, 4, 4), 2))
    assert canvas is not None
    assert len(canvas.axes[0].collections) == 3
    unlabelled = PosteriorMeans().draw(context((5,), 4, levels=None, labels=False))
    assert unlabelled is not None
    assert len(unlabelled.axes[0].collections) == 1
    assert PosteriorMeans().draw(context((5,), 1, levels=None)) is None


def test_two_layers_are_drawn_as_one_is_and_each_has_its_own_latents() -> None:
    one = context((1, 4, 4), 3)
    spec, hidden = one.data.spec, {"hidden": (4,)}
    model = TwoLayerVAE(
        spec,
        lower_dim=3,
        upper_dim=2,
        likelihood=Part(Bernoulli),
        decoder=Part(MLPDecoder, hidden),
        upper_decoder=Part(MLPDecoder, hidden),
    )
    family = TwoLayerGaussian(model, spec, encoder=Part(MLPEncoder, hidden), upper_encoder=Part(MLPEncoder, hidden))
    given = replace(one, model=model, family=family)
    reconstructions = Reconstructions().draw(given)
    assert reconstructions is not None
    (picture,) = reconstructions.axes[0].get_images()
    tiles = torch.from_numpy(picture.get_array().data).unfold(0, 5, 5).unfold(1, 5, 5)[..., :4, :4]
    (batch,) = given.data.test.batches([torch.arange(12)], given.generator)
    with torch.no_grad():
        lower = family.posterior(batch.x).describe()["lower_mean"]
        torch.testing.assert_close(tiles[1], torch.sigmoid(model.decoder(lower))[:, 0])
    assert Interpolations().draw(given) is not None
    means, bars = PosteriorMeans().draw(given), Latents().draw(given)
    assert means is not None
    assert bars is not None
    assert [len(axes.collections) for axes in means.axes] == [3, 3]
    assert [axes.get_xlabel() for axes in bars.axes] == ["lower latent", "upper latent"]
    assert [len(axes.patches) for axes in bars.axes] == [3, 2]


def test_each_latent_has_a_bar_as_high_as_its_divergence_and_unused_ones_are_told_apart() -> None:
    given = context((5,), 3, levels=None)
    encoder = given.family.encoder
    with torch.no_grad():  # latent 1 is the prior, whatever x is
        encoder.layers[-1].weight.mul_(10)
        for index in (1, 4):
            encoder.layers[-1].weight[index] = 0
            encoder.layers[-1].bias[index] = 0
    canvas = Latents().draw(given)
    assert canvas is not None
    axes = canvas.axes[0]
    assert axes.get_title().startswith("2 of 3 latents are active, ")
    assert axes.get_title().endswith(f"{sum(bar.get_height() for bar in axes.patches):.3g} nats in all")
    assert [text.get_text() for text in axes.get_xticklabels()][-1] == "1"
    heights = sorted((bar.get_height() for bar in axes.patches), reverse=True)
    (batch,) = given.data.test.batches([torch.arange(20)], given.generator)
    with torch.no_grad():
        q = given.family.posterior(batch.x)
        expected = torch.distributions.kl_divergence(
            torch.distributions.Normal(q.mean, torch.exp(q.log_var / 2)), torch.distributions.Normal(0, 1)
        )
    assert heights == pytest.approx(sorted(expected.mean(0).tolist(), reverse=True), rel=1e-5, abs=1e-6)
