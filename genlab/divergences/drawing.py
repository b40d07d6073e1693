"""Draws from any distribution with an explicit generator.

`torch.distributions` draws from torch's global generators and takes no other. So a seed is drawn from the generator
that is given, the global generators are set to it, and afterwards they are put back where they were. For as long as a
draw takes, another thread that draws from them sees the change.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.distributions import Distribution


def draw(distribution: Distribution, num_samples: int, generator: torch.Generator) -> Tensor:
    """Return draws `(S, *batch, *event)` without gradient; the same generator state gives the same draws."""
    with _seeded_from(generator):
        return distribution.sample(torch.Size((num_samples,)))


@contextmanager
def _seeded_from(generator: torch.Generator) -> Iterator[None]:
    seed = int(torch.randint(2**63 - 1, (), generator=generator, device=generator.device).item())
    on_cuda = torch.cuda.is_initialized()
    with torch.random.fork_rng(devices=range(torch.cuda.device_count()) if on_cuda else ()):
        # not torch.manual_seed, which also leaves a seed for devices that start later
        torch.default_generator.manual_seed(seed)
        if on_cuda:
            torch.cuda.manual_seed_all(seed)
        yield
