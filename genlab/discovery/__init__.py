"""Discovery: which plugins are installed, and which components they offer. Imports no component, and no torch."""

from genlab.discovery.entry_points import discover
from genlab.discovery.loading import PluginSource, PluginStatus, RegisteredComponent
from genlab.discovery.registry import Registry

__all__ = ["PluginSource", "PluginStatus", "RegisteredComponent", "Registry", "discover"]
