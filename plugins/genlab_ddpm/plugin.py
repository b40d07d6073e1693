"""What the diffusion plugin offers. Imports nothing heavy: targets are loaded when a recipe names them."""

from collections.abc import Iterable
from pathlib import Path

from genlab.plugin import Component, hookimpl


@hookimpl
def genlab_components() -> Iterable[Component]:
    """Return the model, its family, schedules, network, estimator, samplers and figure."""
    here = "genlab_ddpm"
    return (
        Component("model", "ddpm", f"{here}.model:DDPM", "a learned reversal of a chain that adds Gaussian noise"),
        Component("family", "forward-diffusion", f"{here}.family:ForwardDiffusion", "the chain that adds noise"),
        Component(
            "elbo",
            "denoising",
            f"{here}.estimator:Denoising",
            "exact KLs at random timesteps; trains on L_simple or the bound",
        ),
        Component(
            "elbo",
            "continuous-time",
            f"{here}.continuous_time:ContinuousTime",
            "the bound of infinitely many steps, by real timesteps",
        ),
        Component(
            "elbo",
            "probability-flow",
            f"{here}.probability_flow:ProbabilityFlow",
            "the likelihood of the deterministic flow, to check the chain's bound",
        ),
        Component("sampler", "ancestral", f"{here}.ancestral:Ancestral", "every step of the learned reverse chain"),
        Component("sampler", "ddim", f"{here}.ddim:DDIM", "few steps, deterministic and both ways at eta = 0"),
        Component(
            "sampler", "heun", f"{here}.heun:Heun", "the probability flow both ways, second order, two calls a step"
        ),
        Component(
            "sampler", "dpm-solver", f"{here}.dpm_solver:DPMSolver", "the probability flow in very few network calls"
        ),
        Component(
            "sampler", "inpainting", f"{here}.inpainting:Inpainting", "draws what a mask leaves open of an image"
        ),
        Component(
            "guidance",
            "classifier-free",
            f"{here}.guidance:ClassifierFree",
            "draws of chosen classes",
        ),
        Component("schedule", "linear", f"{here}.linear:Linear", "beta rises linearly; its start knows the bin width"),
        Component("schedule", "cosine", f"{here}.cosine:Cosine", "alpha_bar falls as a squared cosine"),
        Component("schedule", "sigmoid", f"{here}.sigmoid:Sigmoid", "alpha_bar falls as a logistic curve"),
        Component("schedule", "scaled-linear", f"{here}.scaled_linear:ScaledLinear", "sqrt(beta) rises linearly"),
        Component("schedule", "learned", f"{here}.learned:Learned", "the log-SNR is a monotone network of t"),
        Component("objective", "simple", f"{here}.objectives:Simple", "the mean squared error of the prediction"),
        Component("objective", "bound", f"{here}.objectives:Bound", "the negative bound itself"),
        Component("objective", "hybrid", f"{here}.objectives:Hybrid", "simple, and the bound for a learned variance"),
        Component("objective", "min-snr", f"{here}.objectives:MinSNR", "errors of x_0 by their SNR, up to a limit"),
        Component("network", "unet", f"{here}.network.unet:UNet", "residual U-Net with attention, conditioned on t"),
        Component("network", "dit", f"{here}.network.dit:DiT", "transformer over patches, conditioned on t"),
        Component(
            "figure",
            "diffusion-terms",
            f"{here}.figure:DiffusionTerms",
            "the schedule, and what each timestep costs the bound",
        ),
    )


@hookimpl
def genlab_check_recipes() -> Iterable[Path]:
    """Return the folder of the recipes in which the plugin's components are checked."""
    return (Path(__file__).parent / "check_recipes",)


@hookimpl
def genlab_checks() -> Iterable[str]:
    """Return the module of laws of the plugin's own nested slots."""
    return ("genlab_ddpm.testing",)
