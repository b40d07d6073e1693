"""A registry in which the kit's own components can be named too."""

from types import ModuleType

import genlab.testing.plugin
from genlab.discovery import PluginSource, Registry
from genlab.version import installed_version


def with_the_kit(registry: Registry) -> Registry:
    """Return a registry of the same plugins and the kit's."""
    if any(plugin.name == "testing" and plugin.distribution == "genlab" for plugin in registry.plugins):
        return registry
    return registry.with_plugins([PluginSource("testing", "genlab", installed_version(), _plugin)])


def _plugin() -> ModuleType:
    return genlab.testing.plugin
