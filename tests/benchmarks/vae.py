"""Time a VAE's training against others: `python tests/benchmarks/vae.py`.

All train the network of Kingma & Welling (784-400-20, ReLU) with a Bernoulli likelihood and Adam on the same random
binary images in memory, shuffled, 128 at a time:

    genlab      `genlab.fit`, the whole loop with its log, in float32 and in what `precision = "auto"` is here
    by hand     a loop written to be fast: one indexing, one head, logits, fused Adam; in both precisions
    plain       the usual loop: two heads, probabilities, fused Adam
    example     the loop of PyTorch's example: images through a data loader, Adam not fused
    pythae      the trainer of Pythae, where it is installed

They take turns, an epoch at a time, so that a drifting machine slows all; medians over the rounds are compared. On one
thread it is processor time, so that what others do on the machine counts for less; on several it is the clock's.

Options: `--rounds`, `--batches` an epoch, `--threads`.
"""

import argparse
import contextlib
import importlib.util
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace

import torch
from genlab_vae.bernoulli import Bernoulli
from genlab_vae.family import DiagonalGaussian
from genlab_vae.mlp import MLPDecoder, MLPEncoder
from genlab_vae.model import VAE
from genlab_vae.reparameterized import Reparameterized
from torch import Tensor, nn
from torch.nn import functional as F

import genlab
from genlab.assembly import Assembly
from genlab.data.tensor_split import TensorSplit
from genlab.interfaces import DataSource, DataSpec, EvalSettings, Part, Splits, TrainSettings
from genlab.parts.accelerator.cpu import CPU
from genlab.parts.accelerator.precision import Precision
from genlab.parts.update.gradient import Gradient
from genlab.run import TrainingState

BATCH_SIZE = 128

Epoch = Callable[[], object]
"""One pass through the images, in whole batches."""


class RandomImages(DataSource):
    """Images that are in memory already."""

    def __init__(self, x: Tensor) -> None:
        self.batch_size, self.x = BATCH_SIZE, x

    def load(self) -> Splits:
        empty = TensorSplit(self.x[:0])
        return Splits(DataSpec("random", (784,), len(self.x), levels=2), TensorSplit(self.x), empty, empty)


def genlab_epoch(x: Tensor, precision: Precision) -> Epoch:
    """Return an epoch of genlab's own loop."""
    source, accelerator, hidden = RandomImages(x), CPU(precision=precision), {"hidden": (400,)}
    data, train = source.load(), TrainSettings(steps=1)
    model = VAE(data.spec, latent_dim=20, likelihood=Part(Bernoulli), decoder=Part(MLPDecoder, hidden))
    family = DiagonalGaussian(model, data.spec, encoder=Part(MLPEncoder, hidden))
    elbo = Reparameterized()
    update = Gradient(model, family, elbo, accelerator, train, optimizer="adam")
    state = TrainingState(
        Assembly("random", 0, source, data, model, family, elbo, elbo, update, None, accelerator, train, EvalSettings())
    )

    def epoch() -> None:
        steps = state.step + len(x) // BATCH_SIZE
        state.assembly = replace(state.assembly, train=TrainSettings(steps=steps))
        genlab.fit(state.assembly, state=state)

    return epoch


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


def plain_loss(model: PlainVAE, x: Tensor) -> Tensor:
    """Return the sum of binary cross entropy and KL over a batch."""
    probabilities, mean, log_var = model(x)
    divergence = -0.5 * torch.sum(1 + log_var - mean.square() - log_var.exp())
    return F.binary_cross_entropy(probabilities, x, reduction="sum") + divergence


def plain_epoch(x: Tensor) -> Epoch:
    """Return an epoch of the usual loop over a tensor."""
    model = PlainVAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

    def epoch() -> None:
        for chosen in torch.randperm(len(x)).split(BATCH_SIZE):
            optimizer.zero_grad()
            (plain_loss(model, x[chosen]) / BATCH_SIZE).backward()
            optimizer.step()

    return epoch


def example_epoch(x: Tensor) -> Epoch:
    """Return an epoch as PyTorch's example of a VAE has it: MNIST's images through torchvision's transform."""
    from PIL import Image
    from torchvision.transforms.functional import to_tensor

    class Images(torch.utils.data.Dataset[Tensor]):
        def __len__(self) -> int:
            return len(x)

        def __getitem__(self, index: int) -> Tensor:
            return to_tensor(Image.fromarray(levels[index].numpy()))

    levels = (255 * x).to(torch.uint8).reshape(-1, 28, 28)
    loader = torch.utils.data.DataLoader(Images(), batch_size=BATCH_SIZE, shuffle=True)
    model = PlainVAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def epoch() -> float:
        total = 0.0
        for batch in loader:
            optimizer.zero_grad()
            loss = plain_loss(model, batch.view(-1, 784))
            loss.backward()
            total += loss.item()
            optimizer.step()
        return total

    return epoch


def by_hand_epoch(x: Tensor, precision: str) -> Epoch:
    """Return an epoch of a loop with nothing in it that the arithmetic does not need."""
    layers = nn.ModuleList([nn.Linear(784, 400), nn.Linear(400, 40), nn.Linear(20, 400), nn.Linear(400, 784)])
    encode_1, encode_2, decode_1, decode_2 = layers
    optimizer = torch.optim.Adam(layers.parameters(), lr=1e-3, fused=True)

    def epoch() -> None:
        for chosen in torch.randperm(len(x)).split(BATCH_SIZE):
            batch = x.index_select(0, chosen)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bfloat16"):
                mean, log_var = encode_2(F.relu(encode_1(batch))).float().chunk(2, 1)
                z = torch.addcmul(mean, torch.exp(0.5 * log_var), torch.randn_like(mean))
                logits = decode_2(F.relu(decode_1(z))).float()
                reconstruction = F.binary_cross_entropy_with_logits(logits, batch, reduction="sum")
                divergence = 0.5 * (log_var.exp() + mean.square() - 1 - log_var).sum()
                loss = (reconstruction + divergence) / BATCH_SIZE
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return epoch


def pythae_epoch(x: Tensor) -> Epoch:
    """Return an epoch of Pythae's trainer, with the same network given to it."""
    from pythae import models
    from pythae.data.datasets import BaseDataset
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = nn.Sequential(nn.Linear(784, 400), nn.ReLU())
            self.mean, self.log_var = nn.Linear(400, 20), nn.Linear(400, 20)

        def forward(self, x: Tensor) -> ModelOutput:
            hidden = self.hidden(x)
            return ModelOutput(embedding=self.mean(hidden), log_covariance=self.log_var(hidden))

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784), nn.Sigmoid())

        def forward(self, z: Tensor) -> ModelOutput:
            return ModelOutput(reconstruction=self.layers(z))

    config = models.VAEConfig(input_dim=(784,), latent_dim=20, reconstruction_loss="bce")
    training = BaseTrainerConfig(
        output_dir=tempfile.mkdtemp(),
        per_device_train_batch_size=BATCH_SIZE,
        learning_rate=1e-3,
        optimizer_cls="Adam",
        no_cuda=True,
    )
    model = models.VAE(config, encoder=Encoder(), decoder=Decoder())
    trainer = BaseTrainer(model, BaseDataset(x, torch.zeros(len(x))), training_config=training)
    trainer.prepare_training()

    def epoch() -> None:
        with contextlib.redirect_stderr(io.StringIO()):  # its progress bar
            trainer.train_step(1)

    return epoch


def main() -> None:
    """Time all in turn and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--batches", type=int, default=78)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    x = torch.bernoulli(torch.full((options.batches * BATCH_SIZE, 784), 0.2))
    auto = CPU().precision
    epochs = {f"genlab {precision}": genlab_epoch(x, precision) for precision in dict.fromkeys(("float32", auto))}
    epochs |= {f"by hand {precision}": by_hand_epoch(x, precision) for precision in dict.fromkeys(("float32", auto))}
    epochs |= {"plain float32": plain_epoch(x), "example float32": example_epoch(x)}
    if importlib.util.find_spec("pythae"):
        epochs["pythae float32"] = pythae_epoch(x)
    else:
        print("pythae is not installed", file=sys.stderr)
    clock = time.process_time if options.threads == 1 else time.perf_counter
    rates = measure(epochs, len(x), options.rounds, clock)
    which = "processor" if options.threads == 1 else "the clock's"
    print(
        f"torch {torch.__version__}, {options.threads} threads, batch {BATCH_SIZE}, 784-400-20 Bernoulli, {which} time"
    )
    for name, values in rates.items():
        print(f"{name:17} {statistics.median(values):7.0f} images/s (from {min(values):.0f} to {max(values):.0f})")
    for ours in (name for name in rates if name.startswith("genlab")):
        for theirs in (name for name in rates if not name.startswith("genlab")):
            if theirs.endswith("float32") or theirs.endswith(ours.split()[1]):
                ratio = statistics.median(a / b for a, b in zip(rates[ours], rates[theirs], strict=True))
                print(f"{ours} / {theirs}: median ratio {ratio:.2f}")


def measure(
    epochs: dict[str, Epoch], num_images: int, rounds: int, clock: Callable[[], float]
) -> dict[str, list[float]]:
    """Return the images a second of each in each round, after one epoch to warm up."""
    rates: dict[str, list[float]] = {name: [] for name in epochs}
    for number in range(rounds + 1):
        for name, epoch in epochs.items():
            start = clock()
            epoch()
            if number:
                rates[name].append(num_images / (clock() - start))
    return rates


if __name__ == "__main__":
    main()
