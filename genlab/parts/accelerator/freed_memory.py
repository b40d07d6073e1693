"""What becomes of freed memory on a CPU: kept for the next allocation, where the C library is glibc.

By itself glibc gives large blocks back to the kernel as they are freed. A training step frees its activations, so the
next step has the same pages mapped and filled with zeros again, thousands of them.
"""

import ctypes
import os
import platform
import sys

_MMAP_THRESHOLD, _TRIM_THRESHOLD, _TOP_PAD = -3, -1, -2
"""The numbers that <malloc.h> gives the parameters of `mallopt`."""

_NEVER = -1
_OWN_MAPPING_BYTES = (2**30, 2**25)
"""From which size on a block is mapped by itself, and so given back: the largest taken; older releases allow 32 MiB."""
_GROWTH_BYTES = 2**26

_SETTINGS = {"MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TOP_PAD_", "MALLOC_TRIM_THRESHOLD_"}


def keep_freed_memory() -> bool:
    """Have the C library keep freed memory in this process, for whatever allocates next.

    The process then stays as large as it once was, except for blocks of 1 GiB and more. Nothing is changed where the
    C library is not glibc, nor where the environment sets this behavior of glibc (`MALLOC_TRIM_THRESHOLD_` and its
    like, or `glibc.malloc` in `GLIBC_TUNABLES`).

    Returns:
        Whether freed memory is kept from now on.
    """
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc" or _set_by_environment():
        return False
    mallopt = ctypes.CDLL(None).mallopt
    kept = any(mallopt(_MMAP_THRESHOLD, size) for size in _OWN_MAPPING_BYTES)
    return bool(kept and mallopt(_TRIM_THRESHOLD, _NEVER) and mallopt(_TOP_PAD, _GROWTH_BYTES))


def _set_by_environment() -> bool:
    return not _SETTINGS.isdisjoint(os.environ) or "glibc.malloc." in os.environ.get("GLIBC_TUNABLES", "")
