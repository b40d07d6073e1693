"""Where a command writes when nobody says."""

from pathlib import Path


def new_file(folder: Path, stem: str, suffix: str) -> Path:
    """Return the first name that is not taken: `stem.png`, `stem-2.png`, ..."""
    path, number = folder / f"{stem}{suffix}", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}{suffix}"
    return path
