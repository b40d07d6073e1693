"""Open a run folder again, to evaluate it, draw from it or go on with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from genlab.assembly import assemble
from genlab.assembly.assembly import Assembly
from genlab.discovery import Registry, discover
from genlab.recipe import read_recipe
from genlab.run.folder import RunFolder
from genlab.run.plugin_files import plugin_files_of
from genlab.run.state import TrainingState


@dataclass(frozen=True)
class OpenedRun:
    """A run with its newest checkpoint loaded.

    Attributes:
        folder: its files.
        state: the assembly and where its training stands.
    """

    folder: RunFolder
    state: TrainingState

    @property
    def assembly(self) -> Assembly:
        """The fitted assembly."""
        return self.state.assembly

    @property
    def step(self) -> int:
        """How many steps it was trained."""
        return self.state.step


def open_run(folder: Path, overrides: Sequence[str] = (), registry: Registry | None = None) -> OpenedRun:
    """Assemble a run's resolved recipe and load its newest checkpoint; of a run with candidates, the picked one's.

    Args:
        folder: a run folder.
        overrides: changes to the recipe, `key=value` each, e.g. `sampler.steps=20`.
        registry: the installed plugins; by default they are discovered.

    Raises:
        RunFolderError: when the folder or its checkpoint is missing, damaged, or of another version.
        RecipeError: when an override does not fit.
        ComponentError: when a part cannot be had; where the run was made with plugin files, they are named.
    """
    opened = RunFolder(Path(folder))
    fitted = opened.fitted()
    recipe = read_recipe(fitted.resolved_recipe(), overrides)
    registry = registry or discover()
    with plugin_files_of(opened, registry):
        state = TrainingState(assemble(recipe, registry))
    state.load_state_dict(fitted.load_checkpoint())
    return OpenedRun(opened, state)
