"""Discovery of installed plugins by their entry points in the group `genlab`, and of plugin files by their paths."""

import os
import warnings
from collections.abc import Collection, Iterable
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from genlab.discovery.loading import PluginSource, PluginStatus
from genlab.discovery.plugin_file import plugin_file_source
from genlab.discovery.registry import Registry
from genlab.discovery.timing import SLOW_SECONDS
from genlab.errors import ComponentError, GenlabWarning
from genlab.spelling import did_you_mean

_GROUP = "genlab"
_CORE = ("genlab", "core")


def discover(
    *, no_plugins: bool = False, blocked: Collection[str] = (), plugin_files: Iterable[str | os.PathLike[str]] = ()
) -> Registry:
    """Import every installed plugin's module, and those files, and list what they offer.

    An installed plugin that cannot be used is one warning and a status; it is fatal only to a recipe that names it.
    A file was asked for, so one that cannot be used is an error.

    Args:
        no_plugins: whether to load only what genlab's own distribution offers, and `plugin_files`.
        blocked: names of plugins, or `distribution:name`, to leave out, besides those that the environment
            variable GENLAB_BLOCK lists with commas.
        plugin_files: Python files that are plugins. They run with all rights of this process.

    Raises:
        UsageError: when a plugin file is missing or no Python file.
        ComponentError: when a plugin file cannot be used.
    """
    from_environment = {name.strip() for name in os.environ.get("GENLAB_BLOCK", "").split(",")}
    found = [*_installed(), *_files(plugin_files)]
    sources, set_aside = [], []
    for source in found:
        own_names = _names(source)
        reason = ""
        if no_plugins and source.distribution != _CORE[0] and source.file is None:
            reason = "plugins are switched off."
        elif own_names & set(blocked):
            reason = "it was asked to be left out."
        elif own_names & from_environment:
            reason = "GENLAB_BLOCK names it."
        if reason:
            set_aside.append(PluginStatus.of(source, "blocked", reason))
        else:
            sources.append(source)
    _warn_of_misspelled(blocked, found)
    registry = Registry(sources, set_aside)
    for plugin in registry.plugins:
        _report(plugin)
    return registry


def _installed() -> list[PluginSource]:
    """Return every entry point of the group: the core's, then genlab's own, then the others by name."""
    sources = []
    for entry_point in metadata.entry_points(group=_GROUP):
        distribution = entry_point.dist
        name, version = (canonicalize_name(distribution.name), distribution.version) if distribution else ("?", "?")
        sources.append(PluginSource(entry_point.name, name, version, entry_point.load))
    return sorted(
        sources,
        key=lambda s: ((s.distribution, s.name) != _CORE, s.distribution != _CORE[0], s.distribution, s.name),
    )


def _files(paths: Iterable[str | os.PathLike[str]]) -> list[PluginSource]:
    """Return the files in the order given, each once."""
    return list({source.file: source for source in map(plugin_file_source, map(Path, paths))}.values())


def _names(source: PluginSource) -> set[str]:
    """Return the names under which a plugin can be blocked."""
    return {source.name, f"{source.distribution}:{source.name}"}


def _warn_of_misspelled(blocked: Collection[str], found: Iterable[PluginSource]) -> None:
    known = {name for source in found for name in _names(source)}
    for name in dict.fromkeys(blocked):
        if name not in known:
            message = f"there is no plugin {name!r} to block.{did_you_mean(name, sorted(known))}"
            warnings.warn(message, GenlabWarning, stacklevel=3)


def _report(plugin: PluginStatus) -> None:
    """Warn of an installed plugin that is broken or slow; raise for a file that is broken."""
    if plugin.status == "blocked":
        return
    if plugin.file is not None:
        if plugin.status != "ok":
            raise ComponentError(f"plugin file {plugin.file} cannot be used ({plugin.status}): {plugin.reason}")
        return
    who = f"plugin {plugin.name!r} of {plugin.distribution} {plugin.version}"
    if plugin.status != "ok":
        warnings.warn(f"{who} is not in use ({plugin.status}): {plugin.reason}", GenlabWarning, stacklevel=3)
    elif plugin.load_seconds is not None and plugin.load_seconds >= SLOW_SECONDS:
        why = f" It imports {plugin.slow_because!r} at once." if plugin.slow_because else ""
        fix = "Its module should only list its components; their own modules are imported when a recipe uses them."
        took = f"took {plugin.load_seconds:.1f} s to load, and every command waits for it."
        warnings.warn(f"{who} {took}{why} {fix}", GenlabWarning, stacklevel=3)
