"""What `run.json` says of a run before it starts."""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import torch

from genlab.assembly import LoadedData
from genlab.assembly.streams import Stream, stream_seed
from genlab.discovery import Registry
from genlab.recipe import CheckedRecipe
from genlab.run.plugin_files import plugin_record
from genlab.version import environment_versions


def initial_record(
    checked: CheckedRecipe, loaded: LoadedData, registry: Registry, recipe_folder: Path | None
) -> dict[str, Any]:
    """Return status, versions, plugins, git commit, hardware, seeds and data of a run about to start.

    Args:
        checked: what will be fitted.
        loaded: to which data, and where.
        registry: the installed plugins.
        recipe_folder: whose git commit is recorded, where it has one.
    """
    data = loaded.splits
    return {
        "name": checked.name,
        "status": "running",
        "step": 0,
        "steps": checked.train.steps,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "seeds": seeds(checked.seed),
        "data": {
            "name": data.spec.name,
            "event_shape": list(data.spec.event_shape),
            "columns": list(data.spec.columns),
            "levels": data.spec.levels,
            "sizes": {name: len(data[name]) for name in ("train", "validation", "test")},
        },
        "versions": environment_versions(),
        "plugins": [plugin_record(plugin) for plugin in registry.plugins if plugin.status == "ok"],
        "git": _git(recipe_folder),
        "hardware": {
            "accelerator": loaded.accelerator.describe(),
            "platform": platform.platform(),
            "processes": loaded.accelerator.world_size,
            "cpus": os.cpu_count(),
            "threads": torch.get_num_threads(),
        },
        "environment": {
            name: fact for facts in registry.hooks.call("genlab_environment") for name, fact in dict(facts).items()
        },
        "command": sys.argv,
        "metrics": {},
    }


def seeds(seed: int) -> dict[str, int]:
    """Return a recipe's seed and that of each stream of randomness."""
    return {"seed": seed, **{name: stream_seed(seed, name) for name in get_args(Stream)}}


def _git(folder: Path | None) -> dict[str, Any] | None:
    """Return the commit of `folder` and whether it has changes, or None outside a git checkout."""
    try:
        commit, changes = (
            subprocess.run(
                ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True, timeout=5
            ).stdout.strip()
            for arguments in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit, "changed": bool(changes)}
