"""Checkpoints: tensors as safetensors, the rest as JSON, whole or not there.

A checkpoint is a folder `checkpoints/<step>/` with one safetensors file for each part of the state that has
tensors, and `state.json` with the plain values and the SHA-256 of each file. It is written under another name
and renamed when complete, so a checkpoint that is half there is never seen.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from genlab.errors import RunFolderError
from genlab.records.files import sync, write_json

_TENSOR = "tensor"


def save_checkpoint(folder: Path, step: int, state: Mapping[str, Mapping[str, Any]], *, keep: int) -> Path:
    """Write `folder/<step>/` and remove all but the newest `keep` checkpoints.

    Args:
        folder: the run's `checkpoints/`.
        step: names the checkpoint; one of the same step is replaced.
        state: nested dicts of tensors, numbers, strings and lists, by part.
        keep: how many checkpoints stay, at least 1.

    Returns:
        The checkpoint's folder.
    """
    temporary, final = folder / f".{step}.tmp", folder / str(step)
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    plain: dict[str, Any] = {}
    digests: dict[str, str] = {}
    for part, values in state.items():
        tensors: dict[str, Tensor] = {}
        plain[part] = _take_tensors(values, "", tensors)
        if tensors:
            path = temporary / f"{part}.safetensors"
            save_file(tensors, path)
            sync(path)
            digests[path.name] = _digest(path)
    write_json(temporary / "state.json", {"step": step, "state": plain, "sha256": digests})
    _remove(final)
    temporary.replace(final)
    sync(folder)
    for old in checkpoint_steps(folder)[:-keep]:
        _remove(folder / str(old))
    return final


def _remove(checkpoint: Path) -> None:
    """Delete a checkpoint, under another name from the first moment: one that is half gone is never seen either."""
    if checkpoint.exists():
        doomed = checkpoint.with_name(f".{checkpoint.name}.old")
        shutil.rmtree(doomed, ignore_errors=True)
        checkpoint.replace(doomed)
        shutil.rmtree(doomed)


def checkpoint_steps(folder: Path) -> list[int]:
    """Return the steps of the complete checkpoints in `folder`, ascending."""
    if not folder.is_dir():
        return []
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit())


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint folder.

    Raises:
        RunFolderError: when a file is missing, unreadable, or not the one that was written.
    """
    try:
        document = json.loads((path / "state.json").read_text(encoding="utf-8"))
        for name, digest in document["sha256"].items():
            if _digest(path / name) != digest:
                raise RunFolderError(f"{path / name} is damaged: its content is not what was saved. {_FIX}")
        tensors = {Path(name).stem: load_file(path / name) for name in document["sha256"]}
        return {part: _put_tensors(plain, tensors.get(part, {})) for part, plain in document["state"].items()}
    except FileNotFoundError as error:
        raise RunFolderError(f"{error.filename} is missing from the checkpoint. {_FIX}") from error
    except KeyError as error:
        raise RunFolderError(f"{path / 'state.json'} must hold {error}, and does not. {_FIX}") from error
    except (OSError, ValueError, TypeError, SafetensorError) as error:
        raise RunFolderError(f"{path} is no readable checkpoint: {error}. {_FIX}") from error


_FIX = "Delete this checkpoint's folder to go on from the one before, or start a new run."


def _take_tensors(value: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    """Return `value` with each tensor replaced by its name, and put the tensors into `tensors`."""
    if isinstance(value, Tensor):
        tensors[path] = value.detach().to("cpu").contiguous().clone()
        return {_TENSOR: path}
    if isinstance(value, Mapping):
        return {key: _take_tensors(item, f"{path}/{key}" if path else key, tensors) for key, item in value.items()}
    return value


def _put_tensors(value: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(value, dict):
        if set(value) == {_TENSOR} and isinstance(value[_TENSOR], str):
            return tensors[value[_TENSOR]]
        return {key: _put_tensors(item, tensors) for key, item in value.items()}
    return value


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
