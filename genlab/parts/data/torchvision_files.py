"""Data sets that torchvision downloads and reads, each in a folder of its own under one root."""

import gzip
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from genlab.errors import DataError


def data_root(root: Path | None) -> Path:
    """Return where data sets are kept: `root`, or GENLAB_DATA, or `genlab/data` in the user's cache directory."""
    if root is not None:
        return root
    if os.environ.get("GENLAB_DATA"):
        return Path(os.environ["GENLAB_DATA"])
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "genlab" / "data"


def read_data_set(name: str, folder: Path, read: Callable[[], Any]) -> Any:
    """Return what torchvision reads, or say what is missing and where.

    Args:
        name: the component's name, for the message.
        folder: where the data set's files belong.
        read: builds torchvision's data set.

    Raises:
        DataError: when the files are not there, damaged, or cannot be downloaded.
    """
    try:
        return read()
    except (OSError, RuntimeError, ValueError, EOFError, AssertionError) as error:  # torchvision asserts what it reads
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise DataError(
            f"data '{name}' must have its files in {folder}, and they cannot be read: {reason}. Set data.download = "
            "true to fetch them, or data.root or GENLAB_DATA to the folder above the one that has them."
        ) from error


def unpack(folder: Path) -> None:
    """Unpack every `.gz` of a folder whose content is not beside it, as torchvision reads only what is unpacked.

    Raises:
        OSError: when a file is damaged or the folder cannot be written.
    """
    for packed in sorted(folder.glob("*.gz")):
        target = packed.with_suffix("")
        if not target.exists():
            temporary = target.with_name(f".{target.name}.tmp")
            with gzip.open(packed) as source, temporary.open("wb") as file:
                shutil.copyfileobj(source, file)
            temporary.replace(target)
