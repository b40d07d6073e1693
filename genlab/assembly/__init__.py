"""Assembly: from a checked recipe to parts that fit together."""

from genlab.assembly.assembly import Assembly
from genlab.assembly.construction import assemble

__all__ = ["Assembly", "assemble"]
