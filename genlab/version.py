"""The installed versions of genlab and of what it stands on."""

import platform
from importlib import metadata

_DISTRIBUTIONS = ("genlab", "torch", "torchvision", "numpy", "safetensors", "pydantic", "pluggy", "click", "rich")


def installed_version() -> str:
    """Return the distribution's version; `0+uninstalled` where genlab runs without being installed."""
    try:
        return metadata.version("genlab")
    except metadata.PackageNotFoundError:
        return "0+uninstalled"


def environment_versions() -> dict[str, str | None]:
    """Return the versions of Python, genlab and its dependencies by name; None for what is not installed."""
    return {"python": platform.python_version(), **{name: _version(name) for name in _DISTRIBUTIONS}}


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
