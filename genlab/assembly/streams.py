"""Separate streams of randomness from one seed.

Each purpose has a stream of its own, so that evaluating or sampling never changes training.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

Stream = Literal["initialisation", "order", "observation", "training", "evaluation", "sampling"]


def stream_seed(seed: int, stream: Stream) -> int:
    """Return the seed of a stream: the first 63 bits of SHA-256 of "seed/stream"."""
    digest = hashlib.sha256(f"{seed}/{stream}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


@contextmanager
def seeded_initialisation(seed: int) -> Iterator[None]:
    """Seed torch's global generator for layers that initialise themselves from it; afterwards it is as before."""
    with torch.random.fork_rng(devices=[]):
        # `torch.manual_seed` would reseed the GPUs too, and parts are initialised on the CPU.
        torch.default_generator.manual_seed(stream_seed(seed, "initialisation"))
        yield
