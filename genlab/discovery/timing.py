"""How long a plugin's module takes to import, and which package it spends that on."""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SLOW_SECONDS = 1.0
"""From here on a person notices: every command waits for every plugin."""


@dataclass
class Timed:
    """What an import took; filled in by `timed`.

    Attributes:
        seconds: the time that passed; None before.
        heaviest_package: the top-level package of which most modules were imported on the way; empty for none.
    """

    seconds: float | None = None
    heaviest_package: str = ""


@contextmanager
def timed(clock: Timed) -> Iterator[None]:
    """Measure what happens inside."""
    before, start = set(sys.modules), time.perf_counter()
    try:
        yield
    finally:
        clock.seconds = time.perf_counter() - start
        packages = Counter(name.partition(".")[0] for name in set(sys.modules) - before)
        clock.heaviest_package = next((package for package, modules in packages.most_common(1) if modules > 1), "")
