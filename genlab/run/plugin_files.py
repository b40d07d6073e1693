"""The plugin files of a run: which it was made with, and whether they are here again and the same.

`run.json` names them, and that is all: a file is loaded because somebody gives it, never because a folder names it.
"""

import shlex
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from genlab.discovery import PluginStatus, Registry
from genlab.errors import ComponentError, GenlabWarning
from genlab.run.folder import RunFolder


def plugin_record(plugin: PluginStatus) -> dict[str, str]:
    """Return what `run.json` says of a plugin in use."""
    record = {"name": plugin.name, "distribution": plugin.distribution, "version": plugin.version}
    return record if plugin.file is None else record | {"file": str(plugin.file), "sha256": plugin.sha256}


@contextmanager
def plugin_files_of(folder: RunFolder, registry: Registry) -> Iterator[None]:
    """Return a context for work that needs the parts of a run.

    A plugin file that has changed since the run is a warning.

    Raises:
        ComponentError: when a part cannot be had, naming the plugin files that the run had and this process has not.
    """
    given = {plugin.name: plugin for plugin in registry.plugins if plugin.file is not None and plugin.status == "ok"}
    recorded = [plugin for plugin in folder.record().get("plugins", []) if "file" in plugin]
    for plugin in recorded:
        now = given.get(plugin["name"])
        if now is not None and now.sha256 != plugin["sha256"]:
            _warn_changed(folder, plugin, now)
    try:
        yield
    except ComponentError as error:
        missing = [plugin["file"] for plugin in recorded if plugin["name"] not in given]
        if not missing:
            raise
        options = " ".join(f"--plugin-file {shlex.quote(file)}" for file in missing)
        said = f"{folder.path} was made with plugin files that must be given again. Add {options}."
        raise ComponentError(f"{error}\n{said}") from error


def _warn_changed(folder: RunFolder, before: Mapping[str, Any], now: PluginStatus) -> None:
    warnings.warn(
        f"plugin file {now.file} has changed since {folder.path} was made with it "
        f"(SHA-256 {before['sha256'][:12]} then, {now.sha256[:12]} now).",
        GenlabWarning,
        stacklevel=4,
    )
