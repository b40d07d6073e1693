"""Discovery of installed plugins by their entry points in the group `genlab`."""

import os
import warnings
from collections.abc import Collection
from importlib import metadata

from packaging.utils import canonicalize_name

from genlab.discovery.loading import PluginSource, PluginStatus
from genlab.discovery.registry import Registry
from genlab.errors import GenlabWarning

_GROUP = "genlab"
_CORE = ("genlab", "core")


def discover(*, no_plugins: bool = False, blocked: Collection[str] = ()) -> Registry:
    """Import every installed plugin's module and list what it offers.

    A plugin that cannot be used is one warning and a status; it is fatal only to a recipe that names it.

    Args:
        no_plugins: whether to load the core's own components alone.
        blocked: names of plugins, or `distribution:name`, to leave out, besides those that the environment
            variable GENLAB_BLOCK lists with commas.
    """
    from_environment = {name.strip() for name in os.environ.get("GENLAB_BLOCK", "").split(",")}
    sources, set_aside = [], []
    for source in _installed():
        own_names = {source.name, f"{source.distribution}:{source.name}"}
        reason = ""
        if no_plugins and (source.distribution, source.name) != _CORE:
            reason = "plugins are switched off."
        elif own_names & set(blocked):
            reason = "it was asked to be left out."
        elif own_names & from_environment:
            reason = "GENLAB_BLOCK names it."
        if reason:
            set_aside.append(PluginStatus(source.name, source.distribution, source.version, "blocked", reason))
        else:
            sources.append(source)
    registry = Registry(sources, set_aside)
    for plugin in registry.plugins:
        if plugin.status not in ("ok", "blocked"):
            who = f"plugin {plugin.name!r} of {plugin.distribution} {plugin.version}"
            warnings.warn(f"{who} is not in use ({plugin.status}): {plugin.reason}", GenlabWarning, stacklevel=2)
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
