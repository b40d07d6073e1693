"""Time a diffusion's training step against diffusers: `python tests/benchmarks/ddpm.py`.

Both train a U-Net of the same layers (the script counts parameters and floating-point operations of each) on the same
random 28x28 images to predict the noise. diffusers has its own network and scheduler in a plain loop, channels-first as
it comes: once as a user would write it (float32, a DataLoader, AdamW as torch gives it), and at the precision, the
fused optimizer and the data of genlab. genlab takes the step of a run: its estimator, with the rows of the bound, under
its update rule. They take turns, so that a drifting machine slows all; ratios are medians of the rounds' ratios.

In every round a 3x3 convolution alone, channels-last in bfloat16, forward and backward, says what the machine gives at
most; the share of it that a training step reaches counts the operations that the step does.

diffusers is not a dependency: `pip install diffusers`. Options: `--size`, `--rounds`, `--steps` a round, `--threads`,
`--compile` for a compiled genlab besides, `--processor-time` on a machine that others use, with one thread.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from ddpm_networks import BATCH_SIZES, CHANNELS, TIMESTEPS, diffusers_network, genlab_model
from genlab_ddpm.estimator import Denoising
from genlab_ddpm.family import ForwardDiffusion
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.flop_counter import FlopCounterMode

from genlab.data.tensor_split import TensorSplit
from genlab.interfaces import TrainSettings
from genlab.parts.accelerator.cpu import CPU
from genlab.parts.accelerator.precision import Precision
from genlab.parts.update.gradient import Gradient
from genlab.run.state import TrainingStream

NUM_DATA = 2_000
AS_WRITTEN, DEFAULT = "diffusers, as written", "genlab, bfloat16"
PEAK = {"images": 64, "channels": 128, "side": 28}


@dataclass(frozen=True)
class Contestant:
    """What is timed: a network and one training step of it."""

    network: nn.Module
    step: Callable[[], Any]


def stream(x: Tensor, batch_size: int) -> TrainingStream:
    """Return the shuffled minibatches of one tensor, as a run reads them."""
    return TrainingStream(TensorSplit(x), batch_size, order_seed=0, observation=torch.Generator())


def genlab(x: Tensor, size: str, precision: Precision, *, compiled: bool = False) -> Contestant:
    """Return one step as a run takes it."""
    accelerator = CPU(precision=precision, compile=compiled)
    model = genlab_model(size, len(x))
    accelerator.place(model)
    family, train = ForwardDiffusion(model), TrainSettings(steps=10**6)
    update = Gradient(model, family, Denoising(), accelerator, train, optimizer="adamw")
    data, generator = stream(x, BATCH_SIZES[size]), torch.Generator().manual_seed(0)
    return Contestant(model.network, lambda: update.step(data, generator=generator))


def diffusers(x: Tensor, size: str, precision: Precision, *, as_written: bool = False) -> Contestant:
    """Return one step of a plain loop around diffusers' network."""
    from diffusers import DDPMScheduler

    network, scheduler = diffusers_network(size), DDPMScheduler(num_train_timesteps=TIMESTEPS)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=None if as_written else True)
    loader = DataLoader(TensorDataset(x), BATCH_SIZES[size], shuffle=True, drop_last=True)
    loaded = (images for _ in itertools.count() for (images,) in loader)
    data = stream(x, BATCH_SIZES[size])

    def step() -> None:
        x_0 = (next(loaded) if as_written else data.next().x) / 127.5 - 1
        eps, t = torch.randn_like(x_0), torch.randint(0, TIMESTEPS, (len(x_0),))
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            eps_hat = network(scheduler.add_noise(x_0, eps, t), t).sample
            loss = nn.functional.mse_loss(eps_hat.float(), eps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return Contestant(network, step)


def convolution() -> tuple[Callable[[], Any], float]:
    """Return a convolution forward and backward, and how many floating-point operations it is."""
    images, channels, side = PEAK.values()
    layout = {"dtype": torch.bfloat16, "memory_format": torch.channels_last}
    layer = nn.Conv2d(channels, channels, 3, padding=1).to(**layout)
    x = torch.randn(images, channels, side, side).to(**layout).requires_grad_()
    direction = torch.randn(x.shape).to(**layout)
    inputs = (x, *layer.parameters())
    return lambda: torch.autograd.grad(layer(x), inputs, direction), 3 * 2 * x.numel() * channels * 9


def gflop_an_image(contestant: Contestant, batch_size: int) -> float:
    """Count what a step computes."""
    with FlopCounterMode(display=False) as counter:
        contestant.step()
    return counter.get_total_flops() / batch_size / 1e9


def seconds(work: Callable[[], Any], repeats: int, clock: Callable[[], float]) -> float:
    """Return how long one repeat takes."""
    start = clock()
    for _ in range(repeats):
        work()
    return (clock() - start) / repeats


def compare(size: str, options: argparse.Namespace) -> None:
    """Time everything at one size and print medians and ratios."""
    x, batch_size = torch.randint(0, 256, (NUM_DATA, 1, 28, 28), dtype=torch.uint8), BATCH_SIZES[size]
    contestants = {
        AS_WRITTEN: diffusers(x, size, "float32", as_written=True),
        "diffusers, float32": diffusers(x, size, "float32"),
        "diffusers, bfloat16": diffusers(x, size, "bfloat16"),
        "genlab, float32": genlab(x, size, "float32"),
        DEFAULT: genlab(x, size, "bfloat16"),
    }
    if options.compile:
        contestants["genlab, bfloat16, compiled"] = genlab(x, size, "bfloat16", compiled=True)
    print(f"\n{size}: channels {CHANNELS[size]}, batch {batch_size}")
    gflop = {}
    for name, contestant in contestants.items():
        contestant.step()  # which compiles what is to be compiled, and fills caches
        gflop[name] = gflop_an_image(contestant, batch_size)
        count = sum(parameter.numel() for parameter in contestant.network.parameters())
        print(f"{name:27} {count:,} parameters, {gflop[name]:.3f} GFLOP an image")
    peak, peak_flop = convolution()
    clock = time.process_time if options.processor_time else time.perf_counter
    times: dict[str, list[float]] = {name: [] for name in contestants}
    peaks = []
    for _ in range(options.rounds):
        for name, contestant in contestants.items():
            times[name].append(seconds(contestant.step, options.steps, clock) / batch_size)
        peaks.append(peak_flop / seconds(peak, options.steps, clock) / 1e9)
    report(times, gflop, peaks)


def report(times: dict[str, list[float]], gflop: dict[str, float], peaks: list[float]) -> None:
    """Print images a second, shares of the convolution's rate and ratios."""
    print(f"a convolution alone, bfloat16: {statistics.median(peaks):.0f} GFLOP/s")
    for name, values in times.items():
        share = statistics.median(gflop[name] / value / peak for value, peak in zip(values, peaks, strict=True))
        rate, low, high = 1 / statistics.median(values), 1 / max(values), 1 / min(values)
        print(f"{name:27} {rate:6.1f} images/s ({low:.1f} to {high:.1f}), {share:.0%} of the convolution's rate")
    pairs = [(DEFAULT, AS_WRITTEN), *((f"genlab, {p}", f"diffusers, {p}") for p in ("float32", "bfloat16"))]
    pairs += [(name, DEFAULT) for name in times if name.endswith("compiled")]
    for own, other in pairs:
        ratio = statistics.median(b / a for a, b in zip(times[own], times[other], strict=True))
        print(f"{own} / {other}: {ratio:.2f}")


def main() -> None:
    """Compare at each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=tuple(CHANNELS), action="append", help="by default all")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--processor-time", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    print(f"torch {torch.__version__}, {options.threads} threads, {options.rounds} rounds of {options.steps} steps")
    for size in options.size or CHANNELS:
        compare(size, options)


if __name__ == "__main__":
    main()
