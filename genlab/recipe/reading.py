"""Reading a recipe: its file, the files it extends, and the command line's overrides.

tables = file it extends  <  the file  <  -s overrides          (each laid over the one before)
"""

import os
import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from genlab.errors import Fault, RecipeError
from genlab.recipe.merging import Layer, Origin, merge
from genlab.recipe.overrides import read_overrides
from genlab.recipe.recipe import Recipe
from genlab.recipe.scanning import key_lines
from genlab.shipped import recipes_folder
from genlab.spelling import did_you_mean, listing

_POSITION = re.compile(r" \(at line (\d+), column \d+\)$")
_END = " (at end of document)"


def read_recipe(
    path_or_name: str | os.PathLike[str], overrides: Sequence[str] = (), *, folders: Iterable[Path] = ()
) -> Recipe:
    """Read a recipe and everything it extends.

    Args:
        path_or_name: a file, or the name of a shipped recipe: `ddpm`.
        overrides: texts `a.b=c` laid over it; c is TOML, and a bare word counts as a string.
        folders: where to look for a name besides the recipes that ship with genlab.

    Raises:
        RecipeError: when a file is missing or is no TOML, or files extend each other in a circle.
        UsageError: when an override is not of the form `a.b=c`.
    """
    path = find_recipe(path_or_name, folders)
    over = read_overrides(overrides)
    title = _display(path)
    text = _read_text(path, title)
    layer = merge(_read_layer(path, title, ()), over)
    return Recipe(title, path, text, layer.tables, layer.origins)


def find_recipe(path_or_name: str | os.PathLike[str], folders: Iterable[Path] = ()) -> Path:
    """Return the file that a path or the name of a shipped recipe means.

    Raises:
        RecipeError: when there is none, with the nearest name.
    """
    given = Path(path_or_name)
    if given.is_file():
        return given
    shipped = _shipped([recipes_folder(), *folders])
    # A clone's `recipes/ddpm.toml` and plain `ddpm` both mean the shipped file where no such file exists.
    if given.parent in (Path(), Path("recipes")) and given.suffix in ("", ".toml") and given.stem in shipped:
        return shipped[given.stem]
    if given.is_dir():
        raise _fault(str(given), "it must be a file, got a folder.")
    raise _fault(
        str(given),
        f"there is no such file, and no shipped recipe of that name; shipped: {listing(sorted(shipped))}."
        + did_you_mean(given.stem, shipped),
    )


def _shipped(places: Iterable[Path]) -> dict[str, Path]:
    """Return recipe files by name; the first place wins."""
    files = [file for place in places for file in (sorted(place.glob("*.toml")) if place.is_dir() else [place])]
    return {file.stem: file for file in reversed(files)}


def _read_layer(path: Path, title: str, below: tuple[Path, ...]) -> Layer:
    """Read a file over the one it extends; `below` are the files that led here."""
    label = _display(path)
    tables, lines = _parse(_read_text(path, title), title, label)
    folder = path.resolve().parent
    origins = {key: Origin(f"{label}:{line}", folder) for key, line in lines.items()} | {(): Origin(label, folder)}
    layer = Layer(tables, origins)
    if "extends" not in tables:
        return layer
    here = f"{label}:{lines[('extends',)]}"
    base = _base(tables.pop("extends"), folder, title, here)
    chain = (*below, path.resolve())
    if base.resolve() in chain:
        circle = " extends ".join(_display(file) for file in (*chain, base))
        raise _fault(title, f"files must not extend each other in a circle, got {circle}.", here, "extends")
    return merge(_read_layer(base, title, chain), layer)


def _base(written: Any, folder: Path, title: str, here: str) -> Path:
    if not isinstance(written, str) or not written:
        raise _fault(title, f"must be the path of a recipe file, got {written!r}.", here, "extends")
    base = folder / Path(written).expanduser()
    if not base.is_file():
        nearest = did_you_mean(base.name, [file.name for file in folder.glob("*.toml")])
        raise _fault(title, f"must be a recipe file relative to this one, got {written!r}.{nearest}", here, "extends")
    return base


def _read_text(path: Path, title: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise _fault(title, f"must be UTF-8 text, got byte {error.object[error.start]:#x}.", _display(path)) from error
    except OSError as error:
        raise _fault(title, f"cannot be read: {error.strerror}.", _display(path)) from error


def _parse(text: str, title: str, label: str) -> tuple[dict[str, Any], dict[Any, int]]:
    try:
        return tomllib.loads(text), dict(key_lines(text.replace("\r\n", "\n")))
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        position = _POSITION.search(message)
        line = int(position.group(1)) if position else max(1, len(text.splitlines()))
        reason = _POSITION.sub("", message).removesuffix(_END)
        raise _fault(title, f"this is not valid TOML: {reason}.", f"{label}:{line}") from error


def _fault(title: str, problem: str, origin: str = "", key: str = "") -> RecipeError:
    return RecipeError(title, [Fault(origin, key, problem)])


def _display(path: Path) -> str:
    """Return a path as a person in the working directory would write it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
