"""Where the recipes that ship with genlab are."""

from pathlib import Path


def recipes_folder() -> Path:
    """Return the folder of shipped recipes: inside an installed package, or beside it in a source checkout."""
    package = Path(__file__).parent
    installed = package / "shipped_recipes"
    return installed if installed.is_dir() else package.parent / "recipes"
