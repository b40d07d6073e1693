"""What a plugin declares: components, and hook implementations.

A plugin is a distribution with an entry point in the group `genlab` that names an import-light module (the
standard library and this module only). The module implements the hooks below with `@hookimpl`:

    from genlab.plugin import Component, hookimpl

    @hookimpl
    def genlab_components():
        yield Component("model", "my-model", "my_package.model:MyModel", summary="one line")
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pluggy

hookimpl = pluggy.HookimplMarker("genlab")
hookspec = pluggy.HookspecMarker("genlab")


@dataclass(frozen=True)
class Component:
    """A part that a recipe can name: `use = "name"` in the table of its slot.

    Attributes:
        slot: what kind of part it is: `data`, `model`, `family`, `elbo`, `update`, `sampler`, `accelerator`,
            `figure`, or a nested slot declared by the part that owns it (`network`, `schedule`, ...).
        name: the name a recipe uses, lower case with hyphens.
        target: `package.module:Class`, imported only when a recipe uses the component; in a plugin that is one file,
            `f"{__name__}:Class"`.
        summary: one line for people.
        requires: distributions that must be installed, as requirement strings (`scipy>=1.11`).
    """

    slot: str
    name: str
    target: str
    summary: str
    requires: tuple[str, ...] = field(default=())


class Hooks:
    """The hooks a plugin can implement. The run's hooks are called on rank 0 only.

    An exception in a run's hook is logged as one warning that names the plugin, and the run goes on.
    """

    @hookspec
    def genlab_components(self) -> Iterable[Component]:
        """Return the plugin's components. Called once, when plugins are discovered; must not import torch."""
        raise NotImplementedError

    @hookspec
    def genlab_recipes(self) -> Iterable[Path]:
        """Return folders or files of recipes that ship with the plugin, for `genlab recipes`."""
        raise NotImplementedError

    @hookspec
    def genlab_check_recipes(self) -> Iterable[Path]:
        """Return folders or files of small recipes in which `genlab check` tries the plugin's components.

        Each names some of the components and assembles in well under a second. A file `expected-failures.toml` in
        such a folder lists checks that are known to fail, with the reason.
        """
        raise NotImplementedError

    @hookspec
    def genlab_checks(self) -> Iterable[str]:
        """Return modules that hold checks of the plugin's own nested slots, such as `my_package.testing`.

        They are imported by `genlab check` and by tests, never by a run.
        """
        raise NotImplementedError

    @hookspec
    def genlab_environment(self) -> Mapping[str, str]:
        """Return facts about the environment for `genlab env` and `run.json`: name and value."""
        raise NotImplementedError

    @hookspec
    def genlab_run_started(self, run: Any) -> None:
        """Called before the first step of a fit. `run` is its `genlab.run.Progress`.

        A run is one fit. A run with candidates is one for each of them, in a folder of its own.
        """

    @hookspec
    def genlab_step_logged(self, run: Any, metrics: Mapping[str, float | None]) -> None:
        """Called whenever a line is added to `metrics.jsonl`, with that line."""

    @hookspec
    def genlab_checkpoint_saved(self, run: Any, path: Path) -> None:
        """Called after a checkpoint is complete on disk."""

    @hookspec
    def genlab_training_finished(self, run: Any, status: str) -> None:
        """Called after the last step of a fit and its checkpoint, before the test split is evaluated."""

    @hookspec
    def genlab_candidate_finished(self, candidate: Mapping[str, Any], number: int, count: int) -> None:
        """Called when a candidate, the `number`th of `count`, has ended, with its row as `run.json` holds it."""

    @hookspec
    def genlab_run_finished(self, run: Any, status: str) -> None:
        """Called once at the very end, whatever happened, when `run.json` holds this `status`."""
