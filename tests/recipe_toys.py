"""Small components for tests of discovery, recipes and assembly, and the plugin that declares them."""

import abc
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from toy import ToyFamily, ToyModel, ToySampler, ToySource

import genlab.parts.plugin
from genlab.discovery import Registry
from genlab.errors import IncompatibleError
from genlab.interfaces import (
    Accelerator,
    Batch,
    DataSpec,
    ELBOEstimator,
    LatentModel,
    Misfit,
    Part,
    Plan,
    Splits,
    VariationalFamily,
)
from genlab.interfaces.constraints import PositiveInt, UnitFloat
from genlab.ledger import Ledger
from genlab.plugin import Component, hookimpl


class Network(nn.Module, abc.ABC):
    """A nested part."""

    slot: ClassVar[str] = "network"


class Dense(Network):
    """A network whose input has the shape its owner knows."""

    def __init__(self, event_shape: tuple[int, ...], /, *, channels: tuple[PositiveInt, ...] = (4, 4)) -> None:
        """Make one from a recipe's keys.

        Args:
            channels: the width of each
                hidden layer.
        """
        super().__init__()
        self.channels = channels
        self.layer = nn.Linear(event_shape[0], channels[0])


class Schedule:
    """Another nested part."""

    slot: ClassVar[str] = "schedule"


class Cosine(Schedule):
    def __init__(self, *, shift: float = 0.008, steps: PositiveInt = 10) -> None:
        self.shift, self.steps = shift, steps


class Linear(Schedule):
    def __init__(self, *, first: UnitFloat, last: UnitFloat = 0.02) -> None:
        self.first, self.last = first, last


class Points(ToySource):
    def __init__(self, *, batch_size: PositiveInt = 16, root: Path | None = None, files: tuple[Path, ...] = ()) -> None:
        super().__init__(batch_size=batch_size)
        self.root, self.files = root, files


class Plain(ToyModel):
    """A model without keys."""


class Layered(ToyModel):
    """A model with two nested parts, one of them with a default that has a key of its own."""

    def __init__(
        self, spec: DataSpec, /, *, network: Part[Network], schedule: Part[Schedule] = Part(Cosine, {"shift": 0.5})
    ) -> None:
        super().__init__()
        self.spec = spec
        self.network = network(spec.event_shape)
        self.schedule = schedule()
        if self.network.channels == (13,):
            raise IncompatibleError("model.network.channels must not be [13], got [13]. Use [12].")


class Toy(ToyFamily):
    """The toy's family, which asks for everything that stands before it."""

    def __init__(self, model: LatentModel, splits: Splits, accelerator: Accelerator, /) -> None:
        super().__init__(slope=float(torch.rand(())))
        self.asked = (model, splits, accelerator)


class ForLayered(ToyFamily):
    """A family that fits one model only."""

    def __init__(self, model: Layered, /) -> None:
        super().__init__()
        self.asked = model


class LayeredSampler(ToySampler):
    """One model's way of drawing."""

    partners: ClassVar[Mapping[str, type]] = {"model": Layered}


class PlainSampler(ToySampler):
    """Another model's way of drawing, of the same name."""

    partners: ClassVar[Mapping[str, type]] = {"model": Plain}


class Closed(ELBOEstimator):
    """An estimator that fits one model only."""

    partners: ClassVar[Mapping[str, type]] = {"model": Layered}
    protocol = "closed"

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        raise NotImplementedError


class Picky(Closed):
    """An estimator whose key goes with one of the model's schedule."""

    def __init__(self, *, depth: PositiveInt = 1) -> None:
        self.depth = depth

    @classmethod
    def misfits(cls, own: Plan, others: Mapping[str, Plan]) -> Iterable[Misfit]:
        schedule, depth = others["model"].keys["schedule"], own.keys["depth"]
        if depth > schedule.keys["steps"]:
            rule = f"must be at most {schedule.keys['steps']}, the steps of {schedule.use!r}, got {depth}."
            yield Misfit(f"{own.key}.depth", rule)


def undeclared() -> Any:
    """Return a model whose class is known only once it is built."""
    return Plain()


def some_model() -> LatentModel:
    """Return a model of which only the interface is known beforehand."""
    return Plain()


class TakesAnything(ToyModel):
    def __init__(self, width: int = 3, **keys: Any) -> None:
        super().__init__()

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        return {}


class ToyPlugin:
    """The plugin; `renamed` gives components other names."""

    @hookimpl
    def genlab_components(self) -> Iterable[Component]:
        for slot, name, target in (
            ("data", "points", "Points"),
            ("model", "plain", "Plain"),
            ("model", "layered", "Layered"),
            ("model", "undeclared", "undeclared"),
            ("model", "some-model", "some_model"),
            ("model", "takes-anything", "TakesAnything"),
            ("model", "gone", "Gone"),
            ("family", "toy", "Toy"),
            ("family", "for-layered", "ForLayered"),
            ("elbo", "closed", "Closed"),
            ("elbo", "picky", "Picky"),
            ("sampler", "toy", "ToySampler"),
            ("sampler", "own", "LayeredSampler"),
            ("network", "dense", "Dense"),
            ("schedule", "cosine", "Cosine"),
            ("schedule", "linear", "Linear"),
            ("schedule", "no-schedule", "Dense"),
        ):
            yield Component(slot, name, f"recipe_toys:{target}", summary="a toy")


class NamesakePlugin:
    """Another plugin of the same distribution, with a sampler of the same name for another model."""

    @hookimpl
    def genlab_components(self) -> Iterable[Component]:
        yield Component("sampler", "own", "recipe_toys:PlainSampler", summary="a toy")


def toy_registry(**plugins: Any) -> Registry:
    """Return a registry of the core, the toys and further plugins."""
    return Registry.from_plugins({"genlab:core": genlab.parts.plugin, "toys": ToyPlugin(), **plugins})


def toy_tables(**changes: Any) -> dict[str, Any]:
    """Return a recipe's tables that fit together; `changes` replaces whole tables, or drops those that are None."""
    tables: dict[str, Any] = {
        "name": "toy",
        "data": {"use": "points"},
        "model": {"use": "layered", "network": {"use": "dense"}},
        "family": {"use": "toy"},
        "elbo": {"use": "trace"},
        "update": {"use": "gradient"},
        "accelerator": {"use": "cpu", "precision": "float32"},
        "train": {"steps": 5},
    }
    return {name: table for name, table in (tables | changes).items() if table is not None}


__all__ = ["ToySampler", "toy_registry", "toy_tables"]
