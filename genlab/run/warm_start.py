"""Begin a run where another one ended: with its parameters, or with its posterior as the prior."""

import json
import re
from typing import Any

from genlab.errors import IncompatibleError, RunFolderError, UsageError
from genlab.recipe import CheckedRecipe, read_recipe
from genlab.run.folder import RunFolder
from genlab.run.state import TrainingState
from genlab.spelling import listing

_PLACE = re.compile(r"x(\[\d+\])?")
"""What the columns of an array without names are called."""


def start_from(checked: CheckedRecipe, state: TrainingState, run: RunFolder) -> dict[str, Any]:
    """Take the parameters another run ended with, and what its update rule has that helps.

    Args:
        checked: the recipe.
        state: a new state at step 0; its model, family and update rule are changed in place.
        run: a run of the same model and family, on other data perhaps.

    Returns:
        What `run.json` keeps of it: the run, the step and the SHA-256 of the checkpoint's files.

    Raises:
        RunFolderError: when that run has no checkpoint, or its parameters have other shapes, or its
            data other columns.
    """
    fitted, checkpoint = run.fitted(), run.fitted().load_checkpoint()
    _check_columns(state, fitted)
    _load_parameters(state, checkpoint, run)
    before = read_recipe(fitted.resolved_recipe()).tables["update"]["use"]
    state.assembly.update.carry_over(checkpoint["update"] if before == checked.resolved["update"]["use"] else {})
    return _origin(fitted)


def prior_from(state: TrainingState, run: RunFolder) -> dict[str, Any]:
    """Make the posterior that another run ended with the prior of this one, which begins there too.

    Args:
        state: a new state at step 0; its model and family are changed in place.
        run: a run of the same model and family, on data that this run's do not contain.

    Returns:
        As `start_from`.

    Raises:
        RunFolderError: when that run has no checkpoint, or its parameters have other shapes, or its
            data other columns.
        UsageError: when the model cannot take a posterior as its prior.
    """
    fitted, checkpoint = run.fitted(), run.fitted().load_checkpoint()
    _check_columns(state, fitted)
    _load_parameters(state, checkpoint, run)
    try:
        state.assembly.model.adopt_posterior(state.assembly.family)
    except IncompatibleError as error:
        raise UsageError(str(error)) from error
    state.assembly.update.carry_over({})
    return _origin(fitted)


def _check_columns(state: TrainingState, fitted: RunFolder) -> None:
    """Raise where a table's columns are not those of the other run; of an array they are known by place alone."""
    before = tuple(fitted.record()["data"].get("columns", ()))
    now = state.assembly.data.spec.columns
    if before and now and before != now and not any(_PLACE.fullmatch(name) for name in (before[0], now[0])):
        fix = f" Set data.columns = {json.dumps(before)}." if set(before) <= set(now) else ""
        raise RunFolderError(
            f"the run to begin from must be of the same columns in the same order, and {fitted.path} was fitted to "
            f"{listing(before)}, got {listing(now)}.{fix}"
        )


def _load_parameters(state: TrainingState, checkpoint: dict[str, Any], run: RunFolder) -> None:
    try:
        state.assembly.model.load_state_dict(checkpoint.get("model", {}))
        state.assembly.family.load_state_dict(checkpoint.get("family", {}))
    except (RuntimeError, KeyError) as error:
        reason = " ".join(line.strip() for line in str(error).splitlines()[:2])
        raise RunFolderError(
            f"the run to begin from must have the same parameters as this recipe's model and family, and {run.path} "
            f"has others: {reason} Use the recipe it was made with, on the new data."
        ) from error


def _origin(fitted: RunFolder) -> dict[str, Any]:
    path = fitted.newest_checkpoint()
    digests = json.loads((path / "state.json").read_text(encoding="utf-8"))["sha256"]
    return {"run": str(fitted.path.resolve()), "step": int(path.name), "sha256": digests}
