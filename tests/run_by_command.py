"""A run made by `genlab run`, for tests of what other commands make of it."""

from pathlib import Path

from genlab.cli.main import main


def run_by_command(folder: Path, recipe: str) -> Path:
    """Return the folder of a recipe's run, the only one under `folder`."""
    path = folder / "recipe.toml"
    path.write_text(recipe)
    assert main(["run", str(path), "--out", str(folder), "-q"]) == 0
    (made,) = folder.glob("*/*/run.json")
    return made.parent
