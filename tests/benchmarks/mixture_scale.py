"""How the mixture's fitting scales, beside scikit-learn, Pyro and NumPyro, on one coordinate and three components.

    python tests/benchmarks/mixture_scale.py [--sizes 10000 1000000 10000000] [--rounds 5] [--no-peers]

All fit the same numbers in one process; packages that are not installed are passed over. The yardstick is one: the
exact bound, on all data, at the weights and means that each has found. `to 1 nat` is the time until the total bound is
within 1 nat of the optimum that coordinate ascent finds; `to 1e-3` until it is within 1e-3 nats an observation. The
bound is looked at between the steps, off the clock. The plain loop is a softmax over the components in torch,
compiled, that sums less than a sweep does: what a compiler makes of the least code. An iteration of scikit-learn also
fits variances, so that its fit is another and only its seconds an iteration are given. Memory is what the process has
beyond its size before, file pages left out. A copy reads and writes as many bytes as the data have, a sweep only reads
them.
"""

import argparse
import importlib.util
import platform
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from genlab_mixture.coordinate_ascent import CoordinateAscent
from genlab_mixture.factors import GlobalFactors
from genlab_mixture.family import MeanField
from genlab_mixture.known_noise import KnownNoise
from genlab_mixture.model import GaussianMixture
from genlab_mixture.natural_gradient import NaturalGradient
from genlab_mixture.statistics import gather

from genlab.data.tensor_split import TensorSplit
from genlab.interfaces import DataSpec, Part, Splits
from genlab.parts.accelerator.cpu import CPU
from genlab.run.state import SWEEP_NUMBERS, TrainingStream

NO_NOISE = torch.Generator()
BATCH = 4096
MOST_SWEEPS, MOST_STEPS, LOOK_EVERY = 25, 1000, 20
PLAIN_CHUNK = 2**16
MEAN_LOC, MEAN_SCALE, NOISE = 50.0, 40.0, 8.0


class Problem:
    """The data, and what a fit of them is measured by."""

    def __init__(self, num_data: int) -> None:
        generator = torch.Generator().manual_seed(0)
        groups = torch.multinomial(torch.tensor([0.5, 0.3, 0.2]), num_data, replacement=True, generator=generator)
        noise = torch.randn(num_data, generator=generator)
        self.x = (torch.tensor([20.0, 50.0, 90.0])[groups] + NOISE * noise).unsqueeze(1)
        self.split = TensorSplit(self.x)
        self.optimum = 0.0

    def start(self) -> tuple[GaussianMixture, MeanField]:
        """Return a model and a family at quantiles."""
        spec = DataSpec("spending", (1,), len(self.x))
        noise = Part(KnownNoise, {"scale": NOISE})
        model = GaussianMixture(spec, components=3, mean_loc=MEAN_LOC, mean_scale=MEAN_SCALE, noise=noise)
        return model, MeanField(model, Splits(spec, self.split, self.split, self.split), init="quantiles")

    def stream(self) -> TrainingStream:
        """Return the data as a run reads them."""
        return TrainingStream(self.split, BATCH, order_seed=0, observation=NO_NOISE, sweep_size=SWEEP_NUMBERS)

    def bound(self, model: GaussianMixture, factors: GlobalFactors) -> float:
        """Return the exact bound on all data."""
        statistics = gather([self.x], factors, model)
        return float(statistics.ledger(factors, model.prior()).elbo(len(self.x)))


class Memory:
    """The most anonymous memory the process holds while the context lasts, beyond what it held before, in MiB."""

    def __enter__(self) -> "Memory":
        self._before = self._most = self._held()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self.mib = (max(self._most, self._held()) - self._before) / 1024

    def _watch(self) -> None:
        while not self._ended.wait(0.02):  # seldom, for the steps that are timed wait for it
            self._most = max(self._most, self._held())

    @staticmethod
    def _held() -> int:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def fastest(work: Callable[[], object], rounds: int) -> float:
    """Return the least seconds of several rounds, after one that does not count."""
    work()
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def coordinate_ascent(problem: Problem, rounds: int, *, compiled: bool) -> None:
    """Time sweeps, and how many reach the optimum; the compiled ones after compiling."""
    model, family = problem.start()
    update, data = CoordinateAscent(model, family, CPU(), tolerance=0, compile=compiled), problem.stream()
    started = time.perf_counter()
    update.step(data, generator=NO_NOISE)
    first = time.perf_counter() - started
    with Memory() as memory:
        seconds = fastest(lambda: update.step(data, generator=NO_NOISE), rounds)
    _, family = problem.start()
    update = CoordinateAscent(model, family, CPU(), tolerance=0, compile=compiled)
    bounds = [float(update.step(data, generator=NO_NOISE).elbo(len(problem.x))) for _ in range(MOST_SWEEPS)]
    if not compiled:
        problem.optimum = max(bounds)
    reached = {nats: next(i for i, b in enumerate(bounds) if b > problem.optimum - nats) for nats in limits(problem)}
    name = "coordinate ascent, compiled" if compiled else "coordinate ascent"
    note = f", first with compiling {first:.1f} s" if compiled else ""
    report(
        name, {nats: count * seconds for nats, count in reached.items()}, memory.mib, f"{seconds:.5f} s a sweep{note}"
    )


def plain_loop(problem: Problem, rounds: int) -> None:
    """Time a sweep of the shortest torch code that finds counts, sums and the log-normalizer, compiled, in chunks."""
    _, family = problem.start()
    with torch.no_grad():
        factors = family.factors()
    law = factors.components
    constants = (factors.expected_log_weights + law.offsets() - 0.5 * (law.mean[:, 0] / NOISE).square()).float()
    slopes = (law.mean / NOISE**2).float()

    @torch.compile(dynamic=False)
    def sums(x: torch.Tensor) -> torch.Tensor:
        logits = constants[:, None] + slopes * x
        log_normalizer = logits.logsumexp(0)
        phi = (logits - log_normalizer).exp()
        return torch.cat([phi.sum(1), (phi * x).sum(1), log_normalizer.sum().reshape(1)])

    chunks = torch.split(problem.x[: len(problem.x) // PLAIN_CHUNK * PLAIN_CHUNK, 0], PLAIN_CHUNK)

    def sweep() -> None:
        sum((sums(chunk) for chunk in chunks), torch.zeros(7))

    if chunks[0].numel() == PLAIN_CHUNK:
        report("plain loop, compiled", {}, None, f"{fastest(sweep, rounds):.5f} s a sweep")


def limits(problem: Problem) -> tuple[float, float]:
    """Return how near the optimum counts, in nats: useful, and there."""
    return 1e-3 * len(problem.x), 1.0


def steps_to(problem: Problem, model: GaussianMixture, steps: Iterator[GlobalFactors]) -> dict[float, float | None]:
    """Return the seconds until the bound is near, by how near; `steps` yields what is found on the way."""
    reached: dict[float, float | None] = dict.fromkeys(limits(problem))
    seconds = 0.0
    for _ in range(MOST_STEPS // LOOK_EVERY + LOOK_EVERY - 1):
        started = time.perf_counter()
        factors = next(steps)
        seconds += time.perf_counter() - started
        gap = problem.optimum - problem.bound(model, factors)
        for nats, when in reached.items():
            if when is None and gap < nats:
                reached[nats] = seconds
        if None not in reached.values():
            break
    return reached


def natural_gradient(problem: Problem, whole_steps: int) -> None:
    """Time stochastic variational inference, its iterates averaged."""
    model, family = problem.start()
    update = NaturalGradient(model, family, CPU(), tau=1.0, kappa=0.7, whole_steps=whole_steps, average_from=20)
    made = 0

    def steps() -> Iterator[GlobalFactors]:
        nonlocal made
        data = problem.stream()
        while True:
            for _ in range(1 if made < LOOK_EVERY else LOOK_EVERY):
                update.step(data, generator=NO_NOISE)
                made += 1
            with update.evaluation_weights():
                yield family.factors()

    with Memory() as memory:
        reached = steps_to(problem, model, steps())
    report(f"natural gradient, {whole_steps} whole", reached, memory.mib)


def scikit(problem: Problem) -> None:
    """Time one more iteration of scikit-learn's variational mixture."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import BayesianGaussianMixture

    warnings.simplefilter("ignore", ConvergenceWarning)
    seconds, x = [], problem.x.numpy()
    with Memory() as memory:
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
            mixture.fit(x)
            seconds.append(time.perf_counter() - started)
    report("scikit-learn", {}, memory.mib, f"{(seconds[1] - seconds[0]) / 2:.5f} s an iteration")


def pyro(problem: Problem) -> None:
    """Time Pyro's SVI with z summed out, from the same start, minibatches drawn by index."""
    import pyro as package
    import pyro.distributions as dist
    from pyro.infer import SVI, TraceEnum_ELBO, config_enumerate
    from pyro.optim import Adam

    package.clear_param_store()
    model, family = problem.start()
    with torch.no_grad():
        start, num_data = family.factors(), len(problem.x)
    x = problem.x[:, 0]

    @config_enumerate
    def joint(batch: torch.Tensor) -> None:
        weights = package.sample("weights", dist.Dirichlet(torch.ones(3)))
        means = package.sample("means", dist.Normal(MEAN_LOC * torch.ones(3), MEAN_SCALE).to_event(1))
        with package.plate("data", num_data, subsample_size=len(batch)):
            z = package.sample("z", dist.Categorical(weights), infer={"enumerate": "parallel"})
            package.sample("x", dist.Normal(means[z], NOISE), obs=batch)

    def guide(batch: torch.Tensor) -> None:
        package.sample("weights", dist.Dirichlet(package.param("a", start.concentration.float()).exp()))
        loc, log_scale = package.param("m", start.components.mean[:, 0].float()), package.param("s", torch.zeros(3))
        package.sample("means", dist.Normal(loc, log_scale.exp()).to_event(1))

    package.param("a", start.concentration.detach().log().float())
    svi = SVI(joint, guide, Adam({"lr": 0.1}), TraceEnum_ELBO(max_plate_nesting=1))

    def steps() -> Iterator[GlobalFactors]:
        while True:
            for _ in range(LOOK_EVERY):
                svi.step(x[torch.randint(num_data, (BATCH,))])
            a, m, s = (package.param(name).detach().double() for name in "ams")
            yield GlobalFactors(a.exp(), replace(start.components, mean=m[:, None], var=(2 * s).exp()[:, None]))

    with Memory() as memory:
        reached = steps_to(problem, model, steps())
    report("Pyro SVI", reached, memory.mib)


def numpyro(problem: Problem) -> None:
    """Time NumPyro's SVI likewise, the steps between two looks compiled into one."""
    import jax
    import numpyro as package
    import numpyro.distributions as dist
    from numpyro.infer import SVI, Trace_ELBO

    model, family = problem.start()
    with torch.no_grad():
        start, num_data = family.factors(), len(problem.x)
    x = jax.numpy.asarray(problem.x[:, 0].numpy())
    first = {"a": start.concentration.log(), "m": start.components.mean[:, 0], "s": torch.zeros(3)}

    def joint(batch: Any) -> None:
        weights = package.sample("weights", dist.Dirichlet(jax.numpy.ones(3)))
        means = package.sample("means", dist.Normal(MEAN_LOC * jax.numpy.ones(3), MEAN_SCALE).to_event(1))
        with package.plate("data", num_data, subsample_size=BATCH):
            parts = dist.MixtureSameFamily(dist.Categorical(weights), dist.Normal(means, NOISE))
            package.sample("x", parts, obs=batch)

    def guide(batch: Any) -> None:
        value = {name: package.param(name, jax.numpy.asarray(v.numpy(), "float32")) for name, v in first.items()}
        package.sample("weights", dist.Dirichlet(jax.numpy.exp(value["a"])))
        package.sample("means", dist.Normal(value["m"], jax.numpy.exp(value["s"])).to_event(1))

    svi = SVI(joint, guide, package.optim.Adam(0.1), Trace_ELBO())
    state = svi.init(jax.random.PRNGKey(0), x[:BATCH])

    @jax.jit
    def several(state: Any, key: Any) -> Any:
        def one(state: Any, key: Any) -> Any:
            return svi.update(state, x[jax.random.randint(key, (BATCH,), 0, num_data)])

        return jax.lax.scan(one, state, jax.random.split(key, LOOK_EVERY))[0]

    started = time.perf_counter()
    jax.block_until_ready(several(state, jax.random.PRNGKey(1)))
    compiling = time.perf_counter() - started

    def steps() -> Iterator[GlobalFactors]:
        held, key = state, jax.random.PRNGKey(2)
        while True:
            key, now = jax.random.split(key)
            held = jax.block_until_ready(several(held, now))
            found = {
                name: torch.tensor(value.tolist(), dtype=torch.float64) for name, value in svi.get_params(held).items()
            }
            law = replace(start.components, mean=found["m"][:, None], var=(2 * found["s"]).exp()[:, None])
            yield GlobalFactors(found["a"].exp(), law)

    with Memory() as memory:
        reached = steps_to(problem, model, steps())
    report("NumPyro SVI", reached, memory.mib, f"compiling before: {compiling:.1f} s")


def report(name: str, reached: dict[float, float | None], mib: float | None, note: str = "") -> None:
    """Print a line of the table."""
    memory = "" if mib is None else f"{mib:.0f} MiB"
    words = ["-" if when is None else f"{when:.4f} s" for when in reached.values()] or ["", ""]
    print(f"  {name:<28} {words[0]:>12} {words[1]:>12} {memory:>12}  {note}", flush=True)


def main() -> None:
    """Go through the sizes, all methods at each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-peers", action="store_true")
    arguments = parser.parse_args()
    peers = {"sklearn": scikit, "pyro": pyro, "numpyro": numpyro}
    present = {} if arguments.no_peers else {n: f for n, f in peers.items() if importlib.util.find_spec(n)}
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {platform.machine()}")
    print(f"peers: {', '.join(present) or 'none'}; absent: {', '.join(peers.keys() - present.keys()) or 'none'}")
    for num_data in arguments.sizes:
        problem = Problem(num_data)
        target = torch.empty_like(problem.x)
        copying = fastest(lambda to=target, x=problem.x: to.copy_(x), arguments.rounds)  # type: ignore[misc]
        print(f"N = {num_data:,}: a copy of its {4 * num_data / 2**20:.1f} MiB takes {copying:.5f} s")
        print(f"  {'':<28} {'to 1e-3':>12} {'to 1 nat':>12} {'memory':>12}")
        for compiled in (False, True):
            coordinate_ascent(problem, arguments.rounds, compiled=compiled)
        plain_loop(problem, arguments.rounds)
        for whole_steps in (0, 8):
            natural_gradient(problem, whole_steps)
        for peer in present.values():
            peer(problem)


if __name__ == "__main__":
    main()
