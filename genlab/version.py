"""The installed version of genlab."""

from importlib import metadata


def installed_version() -> str:
    """Return the distribution's version; `0+uninstalled` where genlab runs without being installed."""
    try:
        return metadata.version("genlab")
    except metadata.PackageNotFoundError:
        return "0+uninstalled"
