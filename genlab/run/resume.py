"""Go on with a run: only with the recipe that made it, from its newest checkpoint."""

from collections.abc import Mapping
from typing import Any

from genlab.errors import RunFolderError, UsageError
from genlab.recipe import CheckedRecipe, read_recipe
from genlab.records.files import write_text
from genlab.run.folder import RunFolder
from genlab.run.state import TrainingState

_MAY_CHANGE = {"train", "eval", "accelerator", "sampler"}


def check_resumable(checked: CheckedRecipe, folder: RunFolder) -> None:
    """Raise unless the recipe is the one that made the folder, but for how long and where it trains.

    Raises:
        RunFolderError: naming every key that differs, with both values.
    """
    before, after = flat(read_recipe(folder.resolved_recipe()).tables), flat(checked.resolved)
    different = [
        f"{key} ({before.get(key, 'absent')} before, {after.get(key, 'absent')} now)"
        for key in sorted(before.keys() | after.keys())
        if key.partition(".")[0] not in _MAY_CHANGE and before.get(key) != after.get(key)
    ]
    if different:
        raise RunFolderError(
            f"a resumed run must keep its recipe, and {folder.path} was made with another {', '.join(different)}. "
            "Only train, eval, sampler and accelerator may change; start a new run for anything else."
        )


def resume(checked: CheckedRecipe, state: TrainingState, folder: RunFolder) -> None:
    """Take up the newest checkpoint, and let the folder forget what was logged after it.

    Raises:
        UsageError: when the recipe asks for fewer steps than were done.
        RunFolderError: when the checkpoint is missing or damaged.
    """
    state.load_state_dict(folder.load_checkpoint())
    if state.step > checked.train.steps:
        raise UsageError(
            f"train.steps must be at least the {state.step} steps {folder.path} has done, got {checked.train.steps}."
        )
    folder.cut_metrics(state.step)
    write_text(folder.path / "resolved.toml", checked.resolved_toml())
    folder.update_record(status="running", step=state.step, steps=checked.train.steps, reason="", error="")
    folder.log(f"resumed at step {state.step} on {state.assembly.accelerator.describe()}")


def flat(tables: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return the values of nested tables by dotted key, such as `sampler.steps`."""
    values: dict[str, Any] = {}
    for key, value in tables.items():
        values |= flat(value, f"{above}{key}.") if isinstance(value, Mapping) else {f"{above}{key}": value}
    return values
