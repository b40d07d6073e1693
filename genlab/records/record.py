"""What a run says of itself: `run.json`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genlab.errors import RunFolderError
from genlab.records.json_values import mapping

FORMAT_VERSION = 1


def read_record(folder: Path) -> dict[str, Any]:
    """Return a run folder's `run.json`.

    Raises:
        RunFolderError: when there is none, or it cannot be read.
    """
    path = folder / "run.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RunFolderError(f"{folder} is no run folder: it has no run.json. `genlab runs` lists runs.") from error
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}.") from error
    if not isinstance(record, dict):
        raise RunFolderError(f"{path} must hold a JSON object, got {type(record).__name__}.")
    return record


def check_format(folder: Path, record: Mapping[str, Any]) -> None:
    """Raise unless a record was written by a version of genlab that wrote what this one reads.

    Raises:
        RunFolderError: when it was not.
    """
    if record.get("format") != FORMAT_VERSION:
        raise RunFolderError(
            f"run folder {folder} must have format {FORMAT_VERSION}, got {record.get('format')!r} (written by genlab "
            f"{mapping(record.get('versions')).get('genlab', 'unknown')}). Open it with that version, or run its "
            "resolved.toml again with this one."
        )
