"""The features of a small convolutional classifier, which genlab trains on the data set's own labels.

A classifier keeps what tells the classes apart and drops what does not, so its features are nearer to what people see
than pixels are. It is trained once, in a minute or so on a CPU, and its weights are kept in a file.
"""

import hashlib
import math
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.errors import DataError, IncompatibleError
from genlab.interfaces.accelerator import Accelerator
from genlab.interfaces.constraints import NonNegativeInt, PositiveInt
from genlab.interfaces.data_source import Splits
from genlab.interfaces.feature_extractor import FeatureExtractor
from genlab.parts.data.torchvision_files import data_root
from genlab.parts.features.scaling import READ_AT_ONCE, scaling_of

WIDTHS, SIDE, HIDDEN = (32, 64), 4, 128
BATCH_SIZE, LEARNING_RATE, WARMUP_SHARE, WEIGHT_DECAY = 128, 3e-3, 0.1, 1e-2
MOST_TESTED = 10_000


class Classifier(FeatureExtractor):
    """What a classifier of the data set's labels sees just before it decides."""

    def __init__(
        self,
        data: Splits,
        accelerator: Accelerator,
        /,
        *,
        steps: PositiveInt = 1_200,
        seed: NonNegativeInt = 0,
        weights: Path | None = None,
    ) -> None:
        """Make one from a recipe's keys; its weights are read where they are kept, and trained where they are not.

        Args:
            steps: how many batches of 128 it is trained on.
            seed: fixes its initialization and the order of its batches.
            weights: the safetensors file its weights are kept in; by default one in `features/` of the folder where
                data are kept, named after what they depend on.

        Raises:
            IncompatibleError: when the data are no images or have no labels.
            DataError: when the file cannot be read or written.
        """
        spec = data.spec
        if not spec.is_image or spec.num_classes is None:
            raise IncompatibleError(
                f"eval.features of a classifier must be of images with labels, got {spec.name} of shape "
                f"{spec.event_shape}, {'without' if spec.num_classes is None else 'with'} labels. Use 'pca'."
            )
        self._scaling = scaling_of(data, accelerator)
        self._event_shape = spec.event_shape
        network = _network(spec.event_shape[0], spec.num_classes, seed)
        name = f"classifier-{_digest(data, accelerator, network, (steps, seed))}.safetensors"
        self._network = network.to(accelerator.device).to(memory_format=torch.channels_last)
        path = weights or data_root(None) / "features" / name
        if path.is_file():
            share = self._load(path)
        else:
            self._train(data, accelerator, steps, seed)
            share = self._accuracy(data, accelerator)
            self._save(path, share)
        self.name = "classifier"
        self.protocol = f"the {HIDDEN} numbers before the last layer of a classifier, " + (
            "never tested" if math.isnan(share) else f"right on {share:.1%} of test data"
        )

    def features(self, x: Tensor) -> Tensor:
        """Return the last hidden layer."""
        self._network.eval()
        with torch.no_grad():
            return self._hidden(x).double()

    def _hidden(self, x: Tensor) -> Tensor:
        hidden: Tensor = self._network[:-1](self._input(x))
        return hidden

    def _input(self, x: Tensor) -> Tensor:
        return self._scaling.rows(x).float().view(-1, *self._event_shape)

    def _train(self, data: Splits, accelerator: Accelerator, steps: int, seed: int) -> None:
        optimizer = torch.optim.AdamW(
            self._network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True
        )
        indices = _batches(len(data.train), steps, seed)
        self._network.train()
        with torch.enable_grad():
            for step, batch in enumerate(data.train.batches(indices, accelerator.generator(seed))):
                for group in optimizer.param_groups:
                    group["lr"] = LEARNING_RATE * _rate(step / steps)
                assert batch.y is not None, "the specification promises labels"
                loss = F.cross_entropy(self._network(self._input(batch.x)), batch.y)
                optimizer.zero_grad(set_to_none=True)
                torch.autograd.backward(loss)
                optimizer.step()

    def _accuracy(self, data: Splits, accelerator: Accelerator) -> float:
        """Return the share of test data it is right on; NaN where there are none."""
        self._network.eval()
        right, count = 0, min(len(data.test), MOST_TESTED)
        with torch.no_grad():
            for batch in data.test.in_order(READ_AT_ONCE, accelerator.generator(0), stop=count):
                assert batch.y is not None
                right += int((self._network(self._input(batch.x)).argmax(1) == batch.y).sum())
        return right / count if count else math.nan

    def _save(self, path: Path, share: float) -> None:
        temporary = path.with_name(f".{path.name}.tmp")
        tensors = {name: tensor.cpu().contiguous() for name, tensor in self._network.state_dict().items()}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # save_file would let nobody else read it, and data are kept where several people look
            temporary.write_bytes(save(tensors, metadata={"accuracy": repr(share)}))
            temporary.replace(path)
        except (OSError, SafetensorError) as error:
            raise DataError(f"the classifier's weights cannot be written to {path}: {error}.") from error

    def _load(self, path: Path) -> float:
        try:
            with safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                self._network.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
                return float(metadata.get("accuracy", math.nan))
        except (OSError, SafetensorError, RuntimeError, ValueError) as error:
            reason = str(error).splitlines()[0].rstrip(".:")
            raise DataError(
                f"{path} must hold the weights of a classifier for these data, and does not: {reason}. Remove it to "
                "have them trained again, or name another with eval.features.weights."
            ) from error


def _network(channels: int, num_classes: int, seed: int) -> nn.Sequential:
    """Return two convolutions, the means over a coarse grid of pixels, and two linear layers."""
    first, second = WIDTHS
    with torch.random.fork_rng(devices=[]):  # layers initialize themselves from torch's global generator
        torch.default_generator.manual_seed(seed)
        return nn.Sequential(
            *(nn.Conv2d(channels, first, 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(first), nn.ReLU()),
            *(nn.Conv2d(first, second, 3, padding=1, bias=False), nn.BatchNorm2d(second), nn.ReLU()),
            *(nn.AdaptiveAvgPool2d(SIDE), nn.Flatten()),
            *(nn.Linear(second * SIDE**2, HIDDEN, bias=False), nn.BatchNorm1d(HIDDEN), nn.ReLU()),
            nn.Linear(HIDDEN, num_classes),
        )


def _batches(num_train: int, steps: int, seed: int) -> Iterator[Tensor]:
    """Yield the observations of each step: every one once before any comes again."""
    generator = torch.Generator().manual_seed(seed)
    passes = math.ceil(steps * BATCH_SIZE / num_train)
    order = torch.cat([torch.randperm(num_train, generator=generator) for _ in range(passes)])
    return iter(torch.split(order[: steps * BATCH_SIZE], BATCH_SIZE))


def _rate(progress: float) -> float:
    """Return the learning rate's factor: a linear rise over the first tenth, then half a cosine."""
    if progress < WARMUP_SHARE:
        return progress / WARMUP_SHARE
    return 0.5 * (1 + math.cos(math.pi * (progress - WARMUP_SHARE) / (1 - WARMUP_SHARE)))


def _digest(data: Splits, accelerator: Accelerator, network: nn.Module, keys: tuple[int, ...]) -> str:
    """Return what distinguishes the weights: the form and first of the data, the network, how it is trained."""
    spec = data.spec
    form = (spec.event_shape, spec.levels, spec.num_classes, spec.num_train)
    digest = hashlib.sha256(repr((form, str(network), LEARNING_RATE, keys)).encode())
    first = next(data.train.in_order(READ_AT_ONCE, accelerator.generator(0)))
    digest.update(first.x.float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
