"""Time log evidences by importance sampling: `python tests/benchmarks/vae_evidence.py`.

The architecture of Burda et al. (784-200-200-50, tanh, Bernoulli likelihood), untrained, on random binary images, 5,000
weights an image. Three things take turns: genlab's `importance-weighted`, a plain loop over images that decodes all
draws of one image at once, and the decoder's matrix products alone, which no evaluation can be faster than. Processor
time is compared, so that what others do on the machine counts for less. Freed memory is kept for all, as in a run,
unless the environment sets that itself (`GLIBC_TUNABLES=glibc.malloc.arena_test=8` changes nothing else). The bounds of
both evaluations are printed too, and by how much genlab's raised the largest memory of the process.

Options: `--images`, `--samples`, `--rounds`, `--threads`, `--no-peers`.
"""

import argparse
import math
import resource
import statistics
import time
from collections.abc import Callable

import torch
from genlab_vae.bernoulli import Bernoulli
from genlab_vae.family import DiagonalGaussian
from genlab_vae.importance_weighted import ImportanceWeighted
from genlab_vae.mlp import MLPDecoder, MLPEncoder
from genlab_vae.model import VAE
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.interfaces import Batch, DataSpec, Part
from genlab.parts.accelerator.cpu import CPU

LATENTS = 50
ROWS = 256
"""How many draws the matrix products alone go through at a time."""


def parts() -> tuple[VAE, DiagonalGaussian]:
    """Return the model and the family, initialised from a fixed seed."""
    torch.manual_seed(0)
    spec = DataSpec("random", (784,), 1000, levels=2)
    keys = {"hidden": (200, 200), "activation": "tanh"}
    model = VAE(spec, latent_dim=LATENTS, likelihood=Part(Bernoulli), decoder=Part(MLPDecoder, keys))
    return model.eval(), DiagonalGaussian(model, spec, encoder=Part(MLPEncoder, keys)).eval()


def genlab_bound(model: VAE, family: DiagonalGaussian, x: Tensor, samples: int) -> Tensor:
    """Return the bound of each image as an evaluation has it."""
    estimator = ImportanceWeighted(samples=samples)
    ledger = estimator.estimate(model, family, Batch(x, len(x)), generator=torch.Generator().manual_seed(1))
    return ledger["log_mean_weight"]


def plain_bound(model: VAE, family: DiagonalGaussian, x: Tensor, samples: int) -> Tensor:
    """Return the same, written the usual way: image by image, all its draws at once."""
    bounds = []
    for image in x:
        mean, log_var = family.encoder(image[None]).chunk(2, dim=1)
        eps = torch.randn(samples, LATENTS)
        z = mean + torch.exp(0.5 * log_var) * eps
        logits = model.decoder(z)
        likelihood = -F.binary_cross_entropy_with_logits(logits, image.expand_as(logits), reduction="none").sum(1)
        prior = -0.5 * (z.square() + math.log(2 * math.pi)).sum(1)
        posterior = -0.5 * (eps.square() + log_var + math.log(2 * math.pi)).sum(1)
        bounds.append(torch.logsumexp(likelihood + prior - posterior, 0) - math.log(samples))
    return torch.stack(bounds)


def products(model: VAE, num_rows: int) -> None:
    """Do the decoder's matrix products for so many draws, and nothing else."""
    assert isinstance(model.decoder, MLPDecoder)
    layers = [layer for layer in model.decoder.layers if isinstance(layer, nn.Linear)]
    inputs = [torch.zeros(ROWS, layer.in_features) for layer in layers]
    for _ in range(num_rows // ROWS):
        for layer, given in zip(layers, inputs, strict=True):
            layer(given)


def seconds(work: Callable[[], object]) -> float:
    """Return the processor time some work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


@torch.no_grad()
def main() -> None:
    """Time all three in turn and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=50)
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--no-peers", action="store_true", help="time genlab alone")
    options = parser.parse_args()
    CPU(threads=options.threads)  # as a run has one: freed memory is kept, for all three
    model, family = parts()
    x = torch.bernoulli(torch.full((options.images, 784), 0.2), generator=torch.Generator().manual_seed(0))
    work: dict[str, Callable[[], object]] = {
        "genlab": lambda: genlab_bound(model, family, x, options.samples),
        "plain loop": lambda: plain_bound(model, family, x, options.samples),
        "matrix products alone": lambda: products(model, options.images * options.samples),
    }
    genlab_bound(model, family, x[:2], options.samples)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    work["genlab"]()
    raised = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"genlab: {options.images} images in {time.perf_counter() - start:.1f} s, {raised:.0f} MiB more")
    if options.no_peers:
        return
    for name, function in (("genlab", genlab_bound), ("plain loop", plain_bound)):
        print(f"{name}: {function(model, family, x[:10], options.samples).mean():.3f} nats on ten images")
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(options.rounds):
        for name, one in work.items():
            times[name].append(seconds(one) / options.images * 1e3)
    print(f"torch {torch.__version__}, {options.threads} threads, {options.samples} weights an image")
    for name, values in times.items():
        ratio = statistics.median(value / own for value, own in zip(values, times["genlab"], strict=True))
        middle, low, high = statistics.median(values), min(values), max(values)
        print(f"{name:22} {middle:7.1f} ms an image (from {low:.1f} to {high:.1f}), {ratio:.2f} of genlab's")


if __name__ == "__main__":
    main()
