"""New projects: the files of a plugin, written from templates."""

from genlab.scaffold.plugin import write_plugin

__all__ = ["write_plugin"]
