"""What each of several processes does for `test_processes.py`; torchrun starts it with a folder to write into."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
from markdown_page import ROOT

from genlab.discovery import discover
from genlab.recipe import read_recipe
from genlab.run import open_run, run

MIXTURE = (
    "data.num_customers=626",  # 501 for training, which two processes do not share evenly
    "data.batch_size=101",
    "accelerator.use=cpu",
    "accelerator.precision=float32",
    "train.validate_every=6",
)
UPDATES = {
    "coordinate-ascent": ("update.tolerance=0", "train.log_every=6"),
    "natural-gradient": ("update={use='natural-gradient'}", "train.log_every=6"),
    "gradient": ("update={use='gradient', lr=0.01, clip_norm=1.0, ema=0.9}", "train.log_every=6"),
}


def ended(name: str, folder: Path, steps: int, resume: Path | None = None) -> dict[str, Any]:
    """Run the mixture with one of the update rules, and return how it ended and, where it leads, with what."""
    registry = discover()
    overrides = (f"name={name}", *MIXTURE, *UPDATES[name], f"train.steps={steps}")
    result = run(
        read_recipe(ROOT / "recipes" / "mixture.toml", overrides), out=folder, resume=resume, registry=registry
    )
    end: dict[str, Any] = {
        "folder": str(result.folder),
        "status": result.status,
        "step": result.step,
        "elbo_nats": result.metrics["elbo_nats"],
    }
    if os.environ.get("RANK", "0") == "0":
        state = open_run(result.folder, registry=registry).assembly.family.state_dict()
        end["parameters"] = torch.cat([value.double().flatten() for value in state.values()]).tolist()
    return end


def ends(folder: Path) -> dict[str, dict[str, Any]]:
    """Run with every update rule, at once and in two parts."""
    found = {}
    for name in UPDATES:
        found[name] = ended(name, folder, steps=12)
        half = ended(name, folder, steps=6)
        found[f"{name} resumed"] = ended(name, folder, steps=12, resume=Path(half["folder"]))
    return found


if __name__ == "__main__":
    written = Path(sys.argv[1])
    (written / f"{os.environ['RANK']}.json").write_text(json.dumps(ends(written)))
