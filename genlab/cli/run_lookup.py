"""Which run a command line means by RUN: a run folder, or the newest run of a name."""

from pathlib import Path

from genlab.cli import verbs
from genlab.cli.options import DEFAULT_OUT
from genlab.errors import RecipeError, RunFolderError


def find_run(run: str, out: Path = DEFAULT_OUT) -> Path:
    """Return the run folder meant.

    Args:
        run: a run folder, a folder of runs of one name, the name of runs, or what `genlab run` took for RECIPE.
        out: where runs are kept; names are looked up here.

    Raises:
        RunFolderError: when there is no such run.
    """
    folder = Path(run)
    if (folder / "run.json").is_file():
        return folder
    if folder.is_dir() and any(folder.glob("*/run.json")):
        return verbs.latest_run(folder.parent, folder.name)
    try:
        return verbs.latest_run(out, run)
    except RunFolderError:
        if folder.is_dir():
            return folder  # it is no run folder: opening it says what is missing
        name = _name_in_recipe(run)
        if name is None:
            raise
    return verbs.latest_run(out, name)


def _name_in_recipe(recipe: str) -> str | None:
    try:
        name = verbs.read_recipe(recipe).tables.get("name")
    except RecipeError:
        return None
    return name if isinstance(name, str) else None
