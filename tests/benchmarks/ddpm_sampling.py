"""Time drawing from a diffusion against diffusers: `python tests/benchmarks/ddpm_sampling.py`.

The U-Nets of `ddpm.py`, untrained, draw 28x28 images by DDIM: genlab's sampler under the accelerator's autocast, as
`genlab sample` calls it, and diffusers' DDIMPipeline as its documentation calls it, in float32, and under autocast.
They take turns; ratios are medians of the rounds' ratios.

diffusers is not a dependency: `pip install diffusers`. Options: `--size`, `--draws`, `--steps` (of a draw), `--rounds`,
`--threads`, `--compile` for a compiled genlab besides, `--processor-time` on a machine that others use, with one
thread.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from ddpm_networks import CHANNELS, TIMESTEPS, diffusers_network, genlab_model
from genlab_ddpm.ddim import DDIM

from genlab.parts.accelerator.cpu import CPU
from genlab.parts.accelerator.precision import Precision

DEFAULT = "genlab, bfloat16"


def genlab(options: argparse.Namespace, precision: Precision, *, compiled: bool = False) -> Callable[[], Any]:
    """Return one draw of all images."""
    accelerator = CPU(precision=precision, compile=compiled)
    model = genlab_model(options.size, options.draws).eval()
    accelerator.place(model)
    sampler, generator = DDIM(model, steps=options.steps), torch.Generator().manual_seed(0)

    def draw() -> None:
        with accelerator.autocast():
            sampler.draw(model, options.draws, generator=generator)

    return draw


def diffusers(options: argparse.Namespace, precision: Precision) -> Callable[[], Any]:
    """Return one call of diffusers' pipeline."""
    network = diffusers_network(options.size).eval()
    from diffusers import DDIMPipeline, DDIMScheduler

    pipeline = DDIMPipeline(unet=network, scheduler=DDIMScheduler(num_train_timesteps=TIMESTEPS))
    pipeline.set_progress_bar_config(disable=True)

    def draw() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            pipeline(batch_size=options.draws, num_inference_steps=options.steps, output_type="np")

    return draw


def main() -> None:
    """Time all in turn and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=tuple(CHANNELS), default="1.6M")
    parser.add_argument("--draws", type=int, default=64)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--processor-time", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    contestants = {
        DEFAULT: genlab(options, "bfloat16"),
        "genlab, float32": genlab(options, "float32"),
        "diffusers, as written": diffusers(options, "float32"),
        "diffusers, bfloat16": diffusers(options, "bfloat16"),
    }
    if options.compile:
        contestants["genlab, compiled"] = genlab(options, "bfloat16", compiled=True)
    times: dict[str, list[float]] = {name: [] for name in contestants}
    clock = time.process_time if options.processor_time else time.perf_counter
    for number in range(options.rounds + 1):
        for name, draw in contestants.items():
            start = clock()
            draw()
            if number > 0:  # the first round warms up
                times[name].append(clock() - start)
    print(f"torch {torch.__version__}, {options.threads} threads, {options.draws} draws of {options.steps} steps")
    for name, values in times.items():
        ratio = statistics.median(value / own for value, own in zip(values, times[DEFAULT], strict=True))
        milliseconds = [1e3 * value / options.steps for value in (statistics.median(values), min(values), max(values))]
        middle, low, high = milliseconds
        print(f"{name:22} {middle:6.1f} ms a step ({low:.1f} to {high:.1f}), {ratio:.2f} of genlab's")


if __name__ == "__main__":
    main()
