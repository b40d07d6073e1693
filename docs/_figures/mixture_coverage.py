"""Draw how often the credible intervals of a fitted mixture hold the truth: docs/_static/mixture-coverage.png.

    python docs/_figures/mixture_coverage.py

Data of three equally heavy components in a row are drawn again and again from known parameters, with the distance
between neighbours from one to six standard deviations of the noise, and fitted by coordinate ascent.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from genlab_mixture.coordinate_ascent import CoordinateAscent
from genlab_mixture.family import MeanField
from genlab_mixture.known_noise import KnownNoise
from genlab_mixture.model import GaussianMixture
from matplotlib.figure import Figure

from genlab.data.tensor_split import TensorSplit
from genlab.interfaces import Batch, DataSpec, Part, Splits
from genlab.parts.accelerator.cpu import CPU

NUM_DATA, NUM_DRAWS, LEVEL = 300, 400, 0.9
SEPARATIONS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0)


class InMemory:
    """Training data that are one tensor."""

    def __init__(self, x: torch.Tensor) -> None:
        self.x, self.num_data = x, len(x)

    def next(self) -> Batch:
        return Batch(self.x, self.num_data)

    def sweep(self) -> Iterator[Batch]:
        yield self.next()


def coverage(separation: float, num_fits: int) -> tuple[float, float]:
    """Return the shares of means and of weights that lie in their central 90% intervals."""
    generator = torch.Generator().manual_seed(round(100 * separation))
    held = [fit(separation, generator) for _ in range(num_fits)]
    means, weights = np.mean(held, axis=0)
    return float(means), float(weights)


def fit(separation: float, generator: torch.Generator) -> tuple[float, float]:
    """Simulate, fit, and return the shares of means and weights that are held."""
    means = separation * torch.arange(-1, 2, dtype=torch.float64)
    z = torch.randint(3, (NUM_DATA,), generator=generator)
    x = (means[z] + torch.randn(NUM_DATA, generator=generator, dtype=torch.float64)).unsqueeze(1)
    part = TensorSplit(x, dtype=torch.float64)
    spec = DataSpec("simulated", (1,), NUM_DATA)
    noise = Part(KnownNoise, {"scale": 1.0})
    model = GaussianMixture(spec, components=3, mean_scale=4.0 + separation, noise=noise).double()
    family = MeanField(model, Splits(spec, part, part, part), init="quantiles").double()
    update = CoordinateAscent(model, family, CPU(), tolerance=1e-3)
    for _ in range(500):
        update.step(InMemory(x), generator=generator)
        if update.stop_reason:
            break
    posterior = family.posterior(x)
    log_weights, gaussians = posterior.rsample_global(NUM_DRAWS, generator=generator)
    order = family.factors().components.mean[:, 0].argsort()  # labels mean nothing: the truth is in order, too
    return (
        held(gaussians.means[:, order, 0], means),
        held(log_weights[:, order].exp(), torch.full((3,), 1 / 3, dtype=torch.float64)),
    )


def held(draws: torch.Tensor, truth: torch.Tensor) -> float:
    """Return the share of true values within the central interval of their draws, `(S, K)` and `(K,)`."""
    rank = (draws < truth).double().mean(0)
    return ((rank - 0.5).abs() < LEVEL / 2).double().mean().item()


def picture(num_fits: int) -> Figure:
    """Return the figure."""
    shares = np.array([coverage(separation, num_fits) for separation in SEPARATIONS])
    canvas = Figure(figsize=(6.4, 3.8), layout="constrained")
    axes = canvas.subplots()
    axes.axhline(LEVEL, color="0.4", linestyle="--", linewidth=1, label="90%, as the intervals claim")
    axes.plot(SEPARATIONS, shares[:, 0], "o-", label="means")
    axes.plot(SEPARATIONS, shares[:, 1], "s-", label="weights")
    axes.set(xlabel="distance between neighbouring means, in standard deviations of the noise", ylim=(0, 1))
    axes.set_ylabel("share of true values held")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    return canvas


if __name__ == "__main__":
    num_fits = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    picture(num_fits).savefig(Path(__file__).parents[1] / "_static" / "mixture-coverage.png", dpi=110)
