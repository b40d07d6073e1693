"""The files of a new plugin distribution: small, typed, tested, and kept by the laws of the conformance kit.

A template holds `@word@` where something depends on the plugin's name, and its file ends in `.txt`, so that no tool
takes it for code of genlab's own.
"""

import importlib.util
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from packaging.version import Version

from genlab.errors import UsageError
from genlab.version import installed_version

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 30
_FILES: Mapping[str, str] = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "readme.md",
    "LICENSE": "license",
    ".gitignore": "gitignore",
    ".github/workflows/ci.yml": "ci.yml",
    "@package@/__init__.py": "init.py",
    "@package@/py.typed": "py.typed",
    "@package@/plugin.py": "plugin.py",
    "@package@/model.py": "model.py",
    "@package@/family.py": "family.py",
    "@package@/sampler.py": "sampler.py",
    "@package@/recipes/@name@.toml": "recipe.toml",
    "@package@/recipes/leaves.csv": "leaves.csv",
    "@package@/check_recipes/@name@-small.toml": "check_recipe.toml",
    "tests/test_laws.py": "test_laws.py",
    "tests/test_model.py": "test_model.py",
    "tests/test_recipe.py": "test_recipe.py",
}


def write_plugin(name: str, folder: Path, *, taken: Collection[str] = ()) -> Path:
    """Write a new plugin: a model, a family, a sampler, a recipe, tests, and what packaging and CI need.

    Args:
        name: the plugin's name, lower case with hyphens: `robust` makes the distribution `genlab-robust` with the
            package `genlab_robust`. A leading `genlab-` is dropped.
        folder: where the distribution's own folder is made.
        taken: names of plugins and components that are there already.

    Returns:
        The distribution's folder.

    Raises:
        UsageError: when the name is none, or is taken, or the folder to write exists.
    """
    name = name.removeprefix("genlab-")
    _check_name(name, taken)
    words = _words(name)
    root = folder / words["distribution"]
    if root.exists():
        raise UsageError(f"the folder {root} must not exist yet, and does. Choose another name, or --out DIR.")
    for target, template in _FILES.items():
        path = root / _filled(target, words)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_filled(_template(template), words), encoding="utf-8", newline="\n")
    return root


def _check_name(name: str, taken: Collection[str]) -> None:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        rule = f"lower case letters and digits with single hyphens, at most {_LONGEST} characters, a letter first"
        raise UsageError(f"a plugin's name must be {rule}, got {name!r}. Try {_suggestion(name)!r}.")
    if name in taken or importlib.util.find_spec(_package(name)) is not None:
        raise UsageError(f"a plugin's name must be free, and {name!r} is taken by one that is installed.")


def _words(name: str) -> dict[str, str]:
    version = installed_version()
    number = Version(version)
    return {
        "name": name,
        "distribution": f"genlab-{name}",
        "package": _package(name),
        "year": str(datetime.now(UTC).year),
        "requirement": "genlab" if number.local else f"genlab>={version}",
        "genlab_requires": f">={number.major}.{number.minor},<{_next_breaking(number)}",
    }


def _next_breaking(version: Version) -> str:
    """Return the first version that may change an interface: the next minor one before 1.0, the next major one after.

    >>> _next_breaking(Version("0.3.1")), _next_breaking(Version("1.4"))
    ('0.4', '2')
    """
    return f"0.{version.minor + 1}" if version.major == 0 else str(version.major + 1)


def _package(name: str) -> str:
    return f"genlab_{name.replace('-', '_')}"


def _suggestion(name: str) -> str:
    """Return the nearest name that is one.

    >>> _suggestion("My_Flow!")
    'my-flow'
    """
    words = re.findall(r"[a-z0-9]+", name.lower())
    return "-".join(words).lstrip("0123456789-")[:_LONGEST].rstrip("-") or "my-plugin"


def _template(name: str) -> str:
    return (resources.files("genlab.scaffold") / "plugin_files" / f"{name}.txt").read_text(encoding="utf-8")


def _filled(text: str, words: Mapping[str, str]) -> str:
    """Return a text with its `@word@`s replaced."""
    return re.sub("@(" + "|".join(words) + ")@", lambda match: words[match[1]], text)
