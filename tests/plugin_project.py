"""A plugin's project in a folder: programs run in it, and its plugin found as if it were installed."""

import os
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from markdown_page import ROOT


def run(arguments: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a program that must succeed and return what it prints."""
    done = subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def visible(project: Path, site: Path) -> dict[str, str]:
    """Return the environment of a process in which a project's plugin is found as if it were installed."""
    metadata = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = site / f"{metadata['name'].replace('-', '_')}-{metadata['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {metadata['name']}\nVersion: {metadata['version']}\n")
    entries = [f"{name} = {module}" for name, module in metadata["entry-points"]["genlab"].items()]
    (info / "entry_points.txt").write_text("\n".join(["[genlab]", *entries, ""]))
    path = os.pathsep.join(map(str, [site, project, ROOT, ROOT / "plugins"]))
    return os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
