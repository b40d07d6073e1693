"""Assembly: from a checked recipe to parts that fit together."""

from genlab.assembly.assembly import Assembly
from genlab.assembly.construction import LoadedData, assemble, load_data, with_sampler

__all__ = ["Assembly", "LoadedData", "assemble", "load_data", "with_sampler"]
