"""What the core ships, declared like any plugin."""

from collections.abc import Iterable
from pathlib import Path

from genlab.plugin import Component, hookimpl
from genlab.shipped import recipes_folder


@hookimpl
def genlab_components() -> Iterable[Component]:
    """Return the core's data sources, devices, update rule, estimator, features and figures."""
    here = "genlab.parts"
    return (
        Component("data", "digits", f"{here}.data.digits:Digits", "1,797 real 8x8 digits, shipped with genlab"),
        Component("data", "mnist", f"{here}.data.mnist:MNIST", "70,000 28x28 handwritten digits"),
        Component("data", "fashion-mnist", f"{here}.data.mnist:FashionMNIST", "70,000 28x28 garments"),
        Component("data", "cifar10", f"{here}.data.cifar10:CIFAR10", "60,000 32x32 color photographs"),
        Component("data", "images", f"{here}.data.images:Images", "a folder of image files"),
        Component("data", "table", f"{here}.data.table:Table", "numeric columns of a CSV, NPZ or safetensors file"),
        Component("data", "array", f"{here}.data.array:Array", "rows of a .npy file, memory-mapped"),
        Component("data", "customers", f"{here}.data.customers:Customers", "simulated spending, its truth known"),
        Component("elbo", "trace", f"{here}.elbo.trace:Trace", "draws from q alone; works for every model and family"),
        Component("update", "gradient", f"{here}.update.gradient:Gradient", "any torch optimiser, warm-up and EMA"),
        Component("accelerator", "auto", f"{here}.accelerator.auto:auto", "a CUDA GPU if there is one, else the CPU"),
        Component("accelerator", "cpu", f"{here}.accelerator.cpu:CPU", "the CPU"),
        Component("accelerator", "cuda", f"{here}.accelerator.cuda:CUDA", "one CUDA GPU"),
        Component("features", "raw", f"{here}.features.raw:Raw", "the observations themselves, scaled"),
        Component("features", "pca", f"{here}.features.pca:PCA", "principal components of the training data"),
        Component(
            "features", "classifier", f"{here}.features.classifier:Classifier", "what a classifier of the labels sees"
        ),
        Component("features", "inception", f"{here}.features.inception:Inception", "what Inception v3 sees of images"),
        Component("figure", "candidates", f"{here}.figure.candidates:CandidateBounds", "the bound of every candidate"),
        Component(
            "figure",
            "samples-and-neighbors",
            f"{here}.figure.samples_and_neighbors:SamplesAndNeighbors",
            "draws above the training images nearest to them",
        ),
        Component("figure", "bound-curve", f"{here}.figure.bound_curve:BoundCurve", "the bound against the step"),
    )


@hookimpl
def genlab_recipes() -> Iterable[Path]:
    """Return the folder of the recipes that ship with genlab."""
    return (recipes_folder(),)
