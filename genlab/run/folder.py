"""The run folder: `runs/<name>/<UTC time>-<hash>/`.

recipe.toml      the recipe as it was written        resolved.toml   every default filled, runs again
run.json         status, versions, hardware, seeds    metrics.jsonl   one object a logged step
log.txt          what happened, for people            checkpoints/    samples/    figures/
candidates/      of a recipe with candidates: a run folder each    report.html, of `genlab report`
"""

import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from genlab.errors import RunFolderError
from genlab.records.files import write_json, write_text
from genlab.records.record import FORMAT_VERSION, check_format, read_record
from genlab.run.checkpoint import checkpoint_steps, load_checkpoint, save_checkpoint

KEPT_CHECKPOINTS = 2


class RunFolder:
    """One run's folder."""

    def __init__(self, path: Path) -> None:
        """Open an existing run folder.

        Raises:
            RunFolderError: when `path` is no run folder, or one of another format.
        """
        self.path = path
        check_format(path, self.record())

    @classmethod
    def create(
        cls, root: Path, name: str, recipe_text: str, resolved_text: str, record: Mapping[str, Any]
    ) -> "RunFolder":
        """Make a new folder under `root/name/`; nothing that exists is touched.

        Args:
            root: usually `runs`.
            name: the recipe's name.
            recipe_text: the recipe as it was written.
            resolved_text: the recipe with every default filled.
            record: the first content of `run.json`.
        """
        digest = hashlib.sha256(resolved_text.encode()).hexdigest()[:6]
        stem = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{digest}"
        try:
            path = _make_new_folder(root / name, stem)
            for part in ("samples", "figures"):
                (path / part).mkdir()
            return cls._fill(path, recipe_text, resolved_text, record)
        except OSError as error:
            raise RunFolderError(
                f"a run folder cannot be made under {root}: {error}. Choose another with --out."
            ) from error

    @classmethod
    def _fill(cls, path: Path, recipe_text: str, resolved_text: str, record: Mapping[str, Any]) -> "RunFolder":
        write_text(path / "recipe.toml", recipe_text)
        write_text(path / "resolved.toml", resolved_text)
        write_json(path / "run.json", {"format": FORMAT_VERSION, **record})
        return cls(path)

    def candidate(self, label: str) -> "RunFolder | None":
        """Return the folder of a candidate, a run folder too; None before it was begun."""
        path = self.path / "candidates" / label
        return RunFolder(path) if (path / "run.json").is_file() else None

    def create_candidate(self, label: str, resolved_text: str, record: Mapping[str, Any]) -> "RunFolder":
        """Make the folder of a candidate, `candidates/<label>/`, or make an unfinished one anew."""
        path = self.path / "candidates" / label
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return self._fill(path, resolved_text, resolved_text, record)

    def fitted(self) -> "RunFolder":
        """Return the folder that holds this run's checkpoints: its own, or that of the candidate it picked.

        Raises:
            RunFolderError: when no candidate was fitted yet, or the picked one is gone.
        """
        record = self.record()
        picked = record.get("picked")
        if record.get("candidates") and not picked:
            raise RunFolderError(
                f"{self.path} must have a candidate with a bound, and stopped before its first. Go on with "
                f"`genlab run --resume {self.path}`."
            )
        chosen = self.candidate(str(picked)) if picked else None
        if picked and chosen is None:
            raise RunFolderError(f"{self.path} must hold the candidate {picked!r} it picked, and does not.")
        return chosen or self

    def resolved_recipe(self) -> Path:
        """Return the path of `resolved.toml`.

        Raises:
            RunFolderError: when it is gone.
        """
        path = self.path / "resolved.toml"
        if not path.is_file():
            raise RunFolderError(f"run folder {self.path} must have its resolved.toml, and has not. Put it back.")
        return path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from running in this folder as long as the context lasts.

        Raises:
            RunFolderError: when another process is doing so.
        """
        path = self.path / ".lock"
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            owner = path.read_text(encoding="utf-8")
            if _is_alive(owner):
                raise RunFolderError(f"run folder {self.path} is in use by process {owner}. Wait for it.") from None
        write_text(path, str(os.getpid()))
        try:
            yield
        finally:
            path.unlink(missing_ok=True)

    def record(self) -> dict[str, Any]:
        """Return `run.json`."""
        return read_record(self.path)

    def update_record(self, **changes: Any) -> None:
        """Change fields of `run.json`."""
        write_json(self.path / "run.json", self.record() | changes)

    def log(self, message: str) -> None:
        """Add a line with the UTC time to `log.txt`."""
        with (self.path / "log.txt").open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {message}\n")

    def add_metrics(self, metrics: Mapping[str, float | int | None]) -> None:
        """Add a line to `metrics.jsonl`, what is not finite as null."""
        line = {key: value if value is None or math.isfinite(value) else None for key, value in metrics.items()}
        with (self.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, allow_nan=False) + "\n")

    def metrics(self) -> list[dict[str, Any]]:
        """Return the lines of `metrics.jsonl`; a last line that was cut short is left out."""
        path = self.path / "metrics.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        parsed = []
        for line in lines:
            try:
                parsed.append(json.loads(line))
            except ValueError:
                break
        return parsed

    def cut_metrics(self, step: int) -> None:
        """Drop the lines after `step`: a resumed run writes them again."""
        kept = [line for line in self.metrics() if line["step"] <= step]
        write_text(self.path / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in kept))

    def save_checkpoint(self, step: int, state: Mapping[str, Mapping[str, Any]]) -> Path:
        """Write a checkpoint; the newest two are kept."""
        return save_checkpoint(self.path / "checkpoints", step, state, keep=KEPT_CHECKPOINTS)

    def has_checkpoint(self) -> bool:
        """Whether there is a checkpoint to go on from."""
        return bool(checkpoint_steps(self.path / "checkpoints"))

    def load_checkpoint(self) -> dict[str, Any]:
        """Return the newest checkpoint's state.

        Raises:
            RunFolderError: when there is none, or it is damaged.
        """
        return load_checkpoint(self.newest_checkpoint())

    def newest_checkpoint(self) -> Path:
        """Return the newest checkpoint's folder.

        Raises:
            RunFolderError: when there is none.
        """
        steps = checkpoint_steps(self.path / "checkpoints")
        if not steps:
            raise RunFolderError(f"{self.path} has no checkpoint. It stopped before its first one; start a new run.")
        return self.path / "checkpoints" / str(steps[-1])


def _is_alive(owner: str) -> bool:
    """Whether a process of this number runs; an owner that is not written yet is just starting."""
    if not owner.isdigit():
        return True
    if os.name == "nt":  # there, asking would end the process
        return False
    try:
        os.kill(int(owner), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _make_new_folder(parent: Path, stem: str) -> Path:
    number = 1
    while True:
        path = parent / (stem if number == 1 else f"{stem}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            number += 1
        else:
            return path
