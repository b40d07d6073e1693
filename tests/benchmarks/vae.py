"""Time a VAE's training step against a plain PyTorch loop: `python tests/benchmarks/vae.py`.

All train the network of Kingma & Welling (784-400-20, ReLU) with a Bernoulli likelihood on the same random binary
images in memory, with fused Adam, batches of 128 and shuffling. They take turns, so that a drifting machine
slows all; the medians over the rounds are compared.

Options: `--rounds`, `--steps` a round, `--threads`.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from genlab_vae.bernoulli import Bernoulli
from genlab_vae.family import DiagonalGaussian
from genlab_vae.mlp import MLPDecoder, MLPEncoder
from genlab_vae.model import VAE
from genlab_vae.reparameterized import Reparameterized
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.data.tensor_split import TensorSplit
from genlab.interfaces import DataSpec, Part, TrainSettings
from genlab.parts.accelerator.cpu import CPU
from genlab.parts.accelerator.precision import Precision
from genlab.parts.update.gradient import Gradient
from genlab.run.state import TrainingStream

NUM_DATA, BATCH_SIZE = 10_000, 128


def stream(x: Tensor) -> TrainingStream:
    """Return the shuffled minibatches of one tensor, as a run reads them."""
    return TrainingStream(TensorSplit(x), BATCH_SIZE, order_seed=0, observation=torch.Generator())


class PlainVAE(nn.Module):
    """The same network, written the usual way."""

    def __init__(self) -> None:
        super().__init__()
        self.encode_1, self.encode_mean, self.encode_log_var = (
            nn.Linear(784, 400),
            nn.Linear(400, 20),
            nn.Linear(400, 20),
        )
        self.decode_1, self.decode_2 = nn.Linear(20, 400), nn.Linear(400, 784)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        hidden = F.relu(self.encode_1(x))
        mean, log_var = self.encode_mean(hidden), self.encode_log_var(hidden)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_var)
        return torch.sigmoid(self.decode_2(F.relu(self.decode_1(z)))), mean, log_var


def plain_step(x: Tensor) -> Callable[[], None]:
    """Return one step of the plain loop: sum of binary cross entropy and KL, divided by the batch."""
    model, data = PlainVAE(), stream(x)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

    def step() -> None:
        batch = data.next().x
        optimizer.zero_grad()
        probabilities, mean, log_var = model(batch)
        reconstruction = F.binary_cross_entropy(probabilities, batch, reduction="sum")
        divergence = -0.5 * torch.sum(1 + log_var - mean.square() - log_var.exp())
        ((reconstruction + divergence) / len(batch)).backward()
        optimizer.step()

    return step


def genlab_step(x: Tensor, precision: Precision) -> Callable[[], None]:
    """Return one step as a run takes it: genlab's estimator under its update rule."""
    spec = DataSpec("random", (784,), len(x), levels=2)
    hidden = {"hidden": (400,)}
    model = VAE(spec, latent_dim=20, likelihood=Part(Bernoulli), decoder=Part(MLPDecoder, hidden))
    family = DiagonalGaussian(model, spec, encoder=Part(MLPEncoder, hidden))
    update = Gradient(
        model, family, Reparameterized(), CPU(precision=precision), TrainSettings(steps=10**6), optimizer="adam"
    )
    data, generator = stream(x), torch.Generator().manual_seed(0)
    return lambda: update.step(data, generator=generator) and None


def images_per_second(step: Callable[[], None], num_steps: int) -> float:
    """Return how many images a second `num_steps` steps train on."""
    start = time.perf_counter()
    for _ in range(num_steps):
        step()
    return num_steps * BATCH_SIZE / (time.perf_counter() - start)


def main() -> None:
    """Time both and print medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    x = torch.bernoulli(torch.full((NUM_DATA, 784), 0.2))
    steps = {
        "plain float32": plain_step(x),
        "genlab float32": genlab_step(x, "float32"),
        "genlab bfloat16": genlab_step(x, "bfloat16"),
    }
    rates: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        images_per_second(step, arguments.steps)  # warm up
    for _ in range(arguments.rounds):
        for name, step in steps.items():
            rates[name].append(images_per_second(step, arguments.steps))
    print(f"torch {torch.__version__}, {arguments.threads} threads, batch {BATCH_SIZE}, 784-400-20 Bernoulli")
    for name, values in rates.items():
        print(f"{name:15} {statistics.median(values):7.0f} images/s (from {min(values):.0f} to {max(values):.0f})")
    for name in ("genlab float32", "genlab bfloat16"):
        ratios = [ours / theirs for ours, theirs in zip(rates[name], rates["plain float32"], strict=True)]
        print(f"{name} / plain float32: median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
