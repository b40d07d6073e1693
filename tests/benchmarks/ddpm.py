"""Time a diffusion's training step against diffusers: `python tests/benchmarks/ddpm.py`.

Both train a U-Net of the same layers (the script counts parameters and floating-point operations of each) on the same
random 28x28 images, in batches of 128, to predict the noise, with fused AdamW. diffusers has its own network and
scheduler in a plain loop, channels-first as it comes; genlab takes the step of a run: its estimator, with the rows of
the bound, under its update rule. They take turns, so that a drifting machine slows all; medians over the rounds are
compared.

diffusers is not a dependency: `pip install diffusers`. Options: `--rounds`, `--steps` a round, `--threads`.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from genlab_ddpm.estimator import Denoising
from genlab_ddpm.family import ForwardDiffusion
from genlab_ddpm.model import DDPM
from genlab_ddpm.network.unet import UNet
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from genlab.data.tensor_split import TensorSplit
from genlab.interfaces import DataSpec, Part, TrainSettings
from genlab.parts.accelerator.cpu import CPU
from genlab.parts.accelerator.precision import Precision
from genlab.parts.update.gradient import Gradient
from genlab.run.state import TrainingStream

NUM_DATA, BATCH_SIZE, TIMESTEPS = 2_000, 128, 1000
CHANNELS, BLOCKS = (32, 64, 64), 2


def stream(x: Tensor) -> TrainingStream:
    """Return the shuffled minibatches of one tensor, as a run reads them."""
    return TrainingStream(TensorSplit(x), BATCH_SIZE, order_seed=0, observation=torch.Generator())


def genlab_step(x: Tensor, precision: Precision) -> tuple[nn.Module, Callable[[], Any]]:
    """Return the network and one step as a run takes it."""
    accelerator = CPU(precision=precision)
    model = DDPM(
        DataSpec("random", (1, 28, 28), len(x), levels=256),
        timesteps=TIMESTEPS,
        network=Part(UNet, {"channels": CHANNELS, "blocks": BLOCKS}),
    )
    family = ForwardDiffusion(model)
    accelerator.place(model)
    update = Gradient(model, family, Denoising(), accelerator, TrainSettings(steps=10**6), optimizer="adamw")
    data, generator = stream(x), torch.Generator().manual_seed(0)
    return model.network, lambda: update.step(data, generator=generator)


def diffusers_step(x: Tensor, precision: Precision) -> tuple[nn.Module, Callable[[], Any]]:
    """Return diffusers' network and one step of a plain loop around it."""
    try:
        from diffusers import DDPMScheduler, UNet2DModel
    except ImportError:
        sys.exit("This compares with diffusers, which is not installed: pip install diffusers")
    network = UNet2DModel(
        sample_size=28,
        in_channels=1,
        out_channels=1,
        block_out_channels=CHANNELS,
        layers_per_block=BLOCKS,
        down_block_types=("DownBlock2D",) * len(CHANNELS),
        up_block_types=("UpBlock2D",) * len(CHANNELS),
        attention_head_dim=CHANNELS[-1],
    )
    scheduler = DDPMScheduler(num_train_timesteps=TIMESTEPS)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
    data = stream(x)

    def step() -> None:
        x_0 = data.next().x / 127.5 - 1
        eps, t = torch.randn_like(x_0), torch.randint(0, TIMESTEPS, (BATCH_SIZE,))
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            eps_hat = network(scheduler.add_noise(x_0, eps, t), t).sample
            loss = nn.functional.mse_loss(eps_hat.float(), eps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return network, step


def images_per_second(step: Callable[[], Any], num_steps: int) -> float:
    """Return how many images a second `num_steps` steps train on."""
    start = time.perf_counter()
    for _ in range(num_steps):
        step()
    return num_steps * BATCH_SIZE / (time.perf_counter() - start)


def describe(name: str, network: nn.Module, step: Callable[[], Any]) -> None:
    """Print what the network is made of and what a step computes."""
    with FlopCounterMode(display=False) as counter:
        step()
    parameters = sum(parameter.numel() for parameter in network.parameters())
    print(f"{name:20} {parameters:,} parameters, {counter.get_total_flops() / BATCH_SIZE / 1e9:.3f} GFLOP an image")


def main() -> None:
    """Time all and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    x = torch.randint(0, 256, (NUM_DATA, 1, 28, 28), dtype=torch.uint8)
    precisions: tuple[Precision, ...] = ("float32", "bfloat16")
    makers = {"diffusers": diffusers_step, "genlab": genlab_step}
    steps = {}
    for precision in precisions:
        for maker, make in makers.items():
            name = f"{maker} {precision}"
            network, steps[name] = make(x, precision)
            describe(name, network, steps[name])
    rates: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        images_per_second(step, 2)
    for _ in range(arguments.rounds):
        for name, step in steps.items():
            rates[name].append(images_per_second(step, arguments.steps))
    print(f"torch {torch.__version__}, {arguments.threads} threads, batch {BATCH_SIZE}, {arguments.rounds} rounds")
    medians = {name: statistics.median(values) for name, values in rates.items()}
    for name, median in medians.items():
        print(f"{name:20} {median:7.0f} images/s   ({min(rates[name]):.0f} to {max(rates[name]):.0f})")
    for precision in precisions:
        print(
            f"genlab / diffusers, {precision}: {medians[f'genlab {precision}'] / medians[f'diffusers {precision}']:.2f}"
        )


if __name__ == "__main__":
    main()
