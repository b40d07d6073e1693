"""A model whose evidence is known: z ~ N(0, 1), x | z ~ N(z, 1), so x ~ N(0, 2) and z | x ~ N(x/2, 1/2)."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

import torch
from matplotlib.figure import Figure as Canvas
from torch import Tensor, nn

import genlab.parts.plugin
from genlab.assembly.assembly import Assembly
from genlab.discovery import Registry
from genlab.interfaces import (
    Batch,
    DataSource,
    DataSpec,
    Draws,
    EvalSettings,
    Figure,
    FigureContext,
    InvertibleSampler,
    LatentModel,
    Posterior,
    Sampler,
    Split,
    Splits,
    TrainSettings,
    VariationalFamily,
)
from genlab.parts.accelerator.cpu import CPU
from genlab.parts.elbo.trace import Trace
from genlab.parts.update.gradient import Gradient
from genlab.plugin import Component, hookimpl
from genlab.recipe import Recipe


def log_normal(x: Tensor, mean: Tensor | float, var: Tensor | float) -> Tensor:
    """Return log N(x | mean, var)."""
    var = torch.as_tensor(var, dtype=x.dtype)
    return -0.5 * (math.log(2 * math.pi) + var.log() + (x - mean) ** 2 / var)


def log_evidence(x: Tensor) -> Tensor:
    """Return log p(x) of each observation `(B, 1)`, exactly."""
    return log_normal(x, 0.0, 2.0).sum(-1)


class ToyModel(LatentModel):
    """The joint N(z | 0, 1) N(x | z, 1)."""

    one: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.event_shape = (1,)
        self.register_buffer("one", torch.ones(()), persistent=False)

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        return {"likelihood": log_normal(x, z, 1.0).sum(-1), "prior": log_normal(z, 0.0, 1.0).sum(-1)}


class ToyPosterior(Posterior):
    reparameterized = True

    def __init__(self, mean: Tensor, std: Tensor) -> None:
        self.mean, self.std = mean, std

    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        eps = torch.randn((num_samples, *self.mean.shape), generator=generator, dtype=self.mean.dtype)
        return self.mean + self.std * eps

    def sample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        return self.rsample(num_samples, generator=generator).detach()

    def log_prob(self, z: Tensor) -> dict[str, Tensor]:
        return {"entropy": log_normal(z, self.mean, self.std**2).sum(-1)}


class ScoreToyPosterior(ToyPosterior):
    """The same posterior without its reparameterised draw."""

    reparameterized = False


class ToyFamily(VariationalFamily):
    """N(slope x, scale^2); exact at slope 1/2, scale^2 1/2."""

    def __init__(self, slope: float = 0.1, scale: float = 1.0, posterior: type[ToyPosterior] = ToyPosterior) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(slope))
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)))
        self._posterior = posterior

    def posterior(self, x: Tensor) -> ToyPosterior:
        return self._posterior(self.slope * x, self.log_scale.exp().expand_as(x))


class RecipeFamily(ToyFamily):
    """The family as a recipe names it."""

    def __init__(self, *, slope: float = 0.1, scale: float = 1.0) -> None:
        """Make one from a recipe's keys.

        Args:
            slope: of the mean of q in x.
            scale: the standard deviation of q.
        """
        super().__init__(slope, scale)


class ToyFigure(Figure):
    partners: ClassVar[Mapping[str, type]] = {"model": ToyModel}

    def draw(self, context: FigureContext) -> Canvas:
        return Canvas()


class BrokenFigure(Figure):
    def draw(self, context: FigureContext) -> Canvas:
        raise RuntimeError("no picture")


class ToySampler(Sampler):
    def draw(
        self, model: LatentModel, num_draws: int, *, generator: torch.Generator, trajectory: bool = False
    ) -> Draws:
        assert isinstance(model, ToyModel)
        return Draws(torch.randn((num_draws, 1), generator=generator, dtype=model.one.dtype) * math.sqrt(2))


class ToyBothWays(ToySampler, InvertibleSampler):
    """x is a function of one normal number, to one decimal."""

    def find_latents(
        self, model: LatentModel, family: VariationalFamily, x: Tensor, *, generator: torch.Generator
    ) -> Tensor:
        return x / math.sqrt(2)

    def draw_from(self, model: LatentModel, latents: Tensor) -> Tensor:
        return (latents * math.sqrt(2)).round(decimals=1)

    def between(self, first: Tensor, second: Tensor, share: float) -> Tensor:
        return torch.lerp(first, second, share)


class ToySplit(Split):
    def __init__(self, x: Tensor) -> None:
        self.x = x

    def __len__(self) -> int:
        return len(self.x)

    def batches(self, indices: Iterable[Tensor], generator: torch.Generator) -> Iterator[Batch]:
        for index in indices:
            yield Batch(self.x[index], len(self.x))

    def to(self, device: torch.device) -> "ToySplit":
        return ToySplit(self.x.to(device))


class ToySource(DataSource):
    def __init__(self, *, batch_size: int = 16, sizes: tuple[int, ...] = (50, 10, 20)) -> None:
        """Make one from a recipe's keys.

        Args:
            batch_size: how many a step reads.
            sizes: of the three parts.
        """
        self.batch_size, self.sizes = batch_size, sizes

    def load(self) -> Splits:
        generator = torch.Generator().manual_seed(0)
        splits = [ToySplit(torch.randn((size, 1), generator=generator) * math.sqrt(2)) for size in self.sizes]
        return Splits(DataSpec("toy", (1,), self.sizes[0]), *splits)


class ToyPlugin:
    """The toy's parts as a plugin offers them."""

    @hookimpl
    def genlab_components(self) -> Iterable[Component]:
        yield Component("data", "toy", "toy:ToySource", "normal numbers")
        yield Component("model", "toy", "toy:ToyModel", "a normal mean")
        yield Component("family", "toy", "toy:RecipeFamily", "a normal posterior")
        yield Component("sampler", "toy", "toy:ToySampler", "the exact marginal")
        yield Component("sampler", "toy-both-ways", "toy:ToyBothWays", "the marginal to one decimal, both ways")
        yield Component("figure", "toy-figure", "toy:ToyFigure", "an empty page")


TOY_RECIPE = {
    "name": "toy",
    "seed": 3,
    "data": {"use": "toy"},
    "model": {"use": "toy"},
    "family": {"use": "toy"},
    "elbo": {"use": "trace"},
    "update": {"use": "gradient", "lr": 0.01, "ema": 0.9},
    "train": {"steps": 20, "log_every": 5},
    "sampler": {"use": "toy"},
    "accelerator": {"use": "cpu", "precision": "float32"},
}


def toy_registry() -> Registry:
    """Return the core's components and the toy's."""
    return Registry.from_plugins({"genlab:core": genlab.parts.plugin, "toy": ToyPlugin()})


def toy_recipe(**train: object) -> Recipe:
    """Return the toy's recipe, with keys of its `train` table changed."""
    return Recipe.from_tables(TOY_RECIPE | {"train": TOY_RECIPE["train"] | train}, title="toy")


def toy_assembly(*, steps: int = 20, family: ToyFamily | None = None, samples: int = 1, **update: object) -> Assembly:
    """Return a new assembly of the toy's parts."""
    source = ToySource()
    model, elbo, accelerator = ToyModel(), Trace(samples=samples), CPU(precision="float32")
    family = family or ToyFamily()
    train = TrainSettings(steps=steps, log_every=5)
    rule = Gradient(model, family, elbo, accelerator, train, **{"lr": 0.01, **update})
    return Assembly(
        name="toy",
        seed=3,
        source=source,
        data=source.load(),
        model=model,
        family=family,
        elbo=elbo,
        eval_elbo=elbo,
        update=rule,
        sampler=ToySampler(),
        accelerator=accelerator,
        train=train,
        eval=EvalSettings(batch_size=8),
    )
