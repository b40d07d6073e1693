"""What the VAE plugin offers."""

from collections.abc import Iterable
from pathlib import Path

from genlab.plugin import Component, hookimpl


@hookimpl
def genlab_components() -> Iterable[Component]:
    """Return the plugin's components."""
    yield from _parts()
    yield from _estimators()
    yield from _likelihoods()
    yield from _networks()


def _parts() -> Iterable[Component]:
    yield Component("model", "vae", "genlab_vae.model:VAE", "a latent vector for each x, and a decoder network")
    yield Component("model", "two-layer-vae", "genlab_vae.two_layers:TwoLayerVAE", "a latent vector on top of another")
    yield Component(
        "family", "diagonal-gaussian", "genlab_vae.family:DiagonalGaussian", "an encoder gives each x its own Gaussian"
    )
    yield Component(
        "family", "full-gaussian", "genlab_vae.full_gaussian:FullGaussian", "the same with correlated dimensions"
    )
    yield Component(
        "family", "normalizing-flow", "genlab_vae.normalizing_flow:NormalizingFlow", "a Gaussian bent by a flow"
    )
    yield Component(
        "family",
        "two-layer-gaussian",
        "genlab_vae.two_layer_gaussian:TwoLayerGaussian",
        "an encoder for each layer of two-layer-vae",
    )
    yield Component(
        "sampler",
        "ancestral",
        "genlab_vae.sampler:Ancestral",
        "z from the prior, then x given z; both ways",
    )
    yield Component("prior", "standard-normal", "genlab_vae.standard_normal:StandardNormal", "N(0, I), nothing learned")
    yield Component("prior", "gaussian-mixture", "genlab_vae.gaussian_mixture:GaussianMixture", "K learned Gaussians")
    yield Component("prior", "vamp", "genlab_vae.vamp:Vamp", "posteriors of K learned pseudo-inputs (VampPrior)")
    yield from _figures()


def _estimators() -> Iterable[Component]:
    yield Component(
        "elbo", "reparameterized", "genlab_vae.reparameterized:Reparameterized", "draws of z, KL exact where known"
    )
    yield Component(
        "elbo",
        "importance-weighted",
        "genlab_vae.importance_weighted:ImportanceWeighted",
        "the log of a mean of importance weights (IWAE)",
    )
    yield Component(
        "elbo",
        "annealed-importance-sampling",
        "genlab_vae.annealed_importance:AnnealedImportanceSampling",
        "the log evidence by chains from the prior, without the encoder (AIS); for evaluation",
    )
    here = "genlab_vae.objectives"
    yield Component("objective", "bound", f"{here}:Bound", "the negative bound itself")
    yield Component("objective", "beta", f"{here}:Beta", "the divergence weighed")
    yield Component("objective", "warm-up", f"{here}:WarmUp", "the divergence weighed, from nothing upwards")
    yield Component("objective", "free-bits", f"{here}:FreeBits", "some nats of divergence for nothing")
    here = "genlab_vae.weight_gradients"
    yield Component("gradient", "reparameterized", f"{here}:Reparameterized", "the derivative of the estimate")
    yield Component(
        "gradient",
        "sticking-the-landing",
        f"{here}:StickingTheLanding",
        "without the score of q (STL); biased from k = 2 on",
    )
    yield Component(
        "gradient",
        "doubly-reparameterized",
        f"{here}:DoublyReparameterized",
        "less noise in the encoder's gradient, which does not drown as k grows (DReG)",
    )


def _likelihoods() -> Iterable[Component]:
    yield Component("likelihood", "bernoulli", "genlab_vae.bernoulli:Bernoulli", "x in {0, 1}")
    yield Component("likelihood", "gaussian", "genlab_vae.gaussian:Gaussian", "real x, fixed or learned scale")
    yield Component(
        "likelihood",
        "discretized-logistic",
        "genlab_vae.discretized_logistic:DiscretizedLogistic",
        "x in {0, ..., L - 1}, the mass of a logistic law",
    )
    yield Component(
        "likelihood",
        "gaussian-per-dimension",
        "genlab_vae.gaussian_per_dimension:GaussianPerDimension",
        "real x, a learned scale for each number",
    )
    yield Component(
        "likelihood",
        "gaussian-decoded-scale",
        "genlab_vae.gaussian_decoded_scale:GaussianDecodedScale",
        "real x, mean and scale from the decoder",
    )
    yield Component(
        "likelihood",
        "discretized-gaussian",
        "genlab_vae.discretized_gaussian:DiscretizedGaussian",
        "x in {0, ..., L - 1}, the mass of a Gaussian",
    )
    yield Component(
        "likelihood",
        "categorical",
        "genlab_vae.categorical:Categorical",
        "x in {0, ..., L - 1}, a probability for each level",
    )


def _networks() -> Iterable[Component]:
    yield Component(
        "flow",
        "inverse-autoregressive",
        "genlab_vae.inverse_autoregressive:InverseAutoregressive",
        "each dimension moved by those before it (IAF); draws fast",
    )
    yield Component(
        "flow",
        "coupling",
        "genlab_vae.coupling:Coupling",
        "half of the dimensions moved by the others, in turns (real NVP)",
    )
    yield Component("encoder", "mlp", "genlab_vae.mlp:MLPEncoder", "fully connected, for any x")
    yield Component("encoder", "conv", "genlab_vae.conv:ConvEncoder", "convolutions, for images")
    yield Component(
        "encoder", "residual", "genlab_vae.residual:ResidualEncoder", "deeper convolutions with a way around"
    )
    yield Component("decoder", "mlp", "genlab_vae.mlp:MLPDecoder", "fully connected, for any x")
    yield Component("decoder", "conv", "genlab_vae.conv:ConvDecoder", "transposed convolutions, for images")
    yield Component(
        "decoder", "residual", "genlab_vae.residual:ResidualDecoder", "deeper convolutions with a way around"
    )


def _figures() -> Iterable[Component]:
    for name, target, summary in (
        ("reconstructions", "figure:Reconstructions", "test images beside reconstructions"),
        ("traversals", "traversal_figure:Traversals", "what each latent does to an image"),
        ("interpolations", "interpolation_figure:Interpolations", "the way from one test image to another"),
        ("manifold", "manifold_figure:Manifold", "all images of two latents"),
        ("posterior-means", "posterior_means_figure:PosteriorMeans", "test data among the latents, by class"),
        ("latents", "latents_figure:Latents", "how much each latent tells"),
    ):
        yield Component("figure", f"vae-{name}", f"genlab_vae.{target}", summary)


@hookimpl
def genlab_check_recipes() -> Iterable[Path]:
    """Return the folder of the recipes in which the plugin's components are checked."""
    return (Path(__file__).parent / "check_recipes",)


@hookimpl
def genlab_checks() -> Iterable[str]:
    """Return the modules of laws of the plugin's own nested slots."""
    return ("genlab_vae.testing", "genlab_vae.testing_estimator")
