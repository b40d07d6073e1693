"""Seconds a sweep of the mixture takes on a million numbers, beside scikit-learn's variational mixture.

    python tests/benchmarks/mixture.py [--num-data 1000000] [--rounds 5]

Both are timed in one process, taking turns, on the same data; a sweep reads it as a run does. An iteration of
`BayesianGaussianMixture` also fits a variance for each component, so the ratio is that of a whole iteration and not
of equal work. Its time an iteration is the difference between fits of 1 and of 3 iterations, which leaves its
initialisation out.
"""

import argparse
import platform
import statistics
import time
import warnings

import sklearn
import torch
from genlab_mixture.coordinate_ascent import CoordinateAscent
from genlab_mixture.family import MeanField
from genlab_mixture.known_noise import KnownNoise
from genlab_mixture.model import GaussianMixture
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import BayesianGaussianMixture

from genlab.data.tensor_split import TensorSplit
from genlab.interfaces import DataSpec, Part, Splits
from genlab.parts.accelerator.cpu import CPU
from genlab.run.state import TrainingStream

NUM_SWEEPS = 5
NO_NOISE = torch.Generator()


def spending(num_data: int) -> torch.Tensor:
    """Draw three overlapping groups, `(N, 1)`."""
    generator = torch.Generator().manual_seed(0)
    groups = torch.multinomial(torch.tensor([0.5, 0.3, 0.2]), num_data, replacement=True, generator=generator)
    noise = torch.randn(num_data, generator=generator)
    return (torch.tensor([20.0, 50.0, 90.0])[groups] + 8 * noise).unsqueeze(1)


def sweep_seconds(x: torch.Tensor) -> float:
    """Return the mean time of a sweep."""
    split = TensorSplit(x)
    spec = DataSpec("spending", (1,), len(x))
    model = GaussianMixture(spec, components=3, mean_loc=50.0, mean_scale=40.0, noise=Part(KnownNoise, {"scale": 8.0}))
    family = MeanField(model, Splits(spec, split, split, split), init="quantiles")
    update = CoordinateAscent(model, family, CPU(), tolerance=0)
    data = TrainingStream(split, 65_536, order_seed=0, observation=NO_NOISE)
    update.step(data, generator=NO_NOISE)
    started = time.perf_counter()
    for _ in range(NUM_SWEEPS):
        update.step(data, generator=NO_NOISE)
    return (time.perf_counter() - started) / NUM_SWEEPS


def scikit_seconds(x: torch.Tensor) -> float:
    """Return the time one more iteration of scikit-learn takes."""
    seconds = []
    for iterations in (1, 3):
        mixture = BayesianGaussianMixture(
            n_components=3,
            covariance_type="spherical",
            weight_concentration_prior_type="dirichlet_distribution",
            init_params="random_from_data",
            max_iter=iterations,
            tol=0.0,
            random_state=0,
        )
        started = time.perf_counter()
        mixture.fit(x.numpy())
        seconds.append(time.perf_counter() - started)
    return (seconds[1] - seconds[0]) / 2


def main() -> None:
    """Time both, in turns, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num-data", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    x = spending(arguments.num_data)
    ours, theirs = [], []
    for _ in range(arguments.rounds):
        ours.append(sweep_seconds(x))
        theirs.append(scikit_seconds(x))
    sweep, iteration = statistics.median(ours), statistics.median(theirs)
    print(f"N = {arguments.num_data:,}, D = 1, K = 3, {torch.get_num_threads()} threads, {platform.machine()}")
    print(f"genlab, torch {torch.__version__}: {sweep:.4f} s a sweep ({min(ours):.4f} to {max(ours):.4f})")
    print(
        f"scikit-learn {sklearn.__version__}: {iteration:.4f} s an iteration ({min(theirs):.4f} to {max(theirs):.4f})"
    )
    print(f"ratio {iteration / sweep:.0f}")


if __name__ == "__main__":
    main()
