"""Which timesteps an estimate visits: random, but spread evenly.

Over a batch, one timestep each: example i's place in 1..T is frac(u + i / B), with one uniform u for all. For one
example, several timesteps: the interval is cut into equal strata, and each stratum gives one, independently.
Every single draw is uniform, so an average stays unbiased; together they lie far more evenly.

Reference: Kingma et al. 2021 (variational diffusion models), appendix I.1.
"""

import torch
from torch import Tensor


def spread_over_batch(last: int, batch_size: int, *, generator: torch.Generator) -> Tensor:
    """Draw a timestep of 1..last for each example, together spread evenly.

    Returns:
        `(B,)`, integers.
    """
    start = torch.rand((), generator=generator, device=generator.device).double()
    place = torch.frac(start + torch.arange(batch_size, device=generator.device) / batch_size)
    return (1 + (place * last).long()).clamp(max=last)


def stratified(first: int, last: int, num_strata: int, batch_size: int, *, generator: torch.Generator) -> Tensor:
    """Draw timesteps of first..last, one from each stratum for each example.

    Args:
        first, last: the interval, both included.
        num_strata: how many strata; where there are as many as timesteps, each timestep is visited once.
        batch_size: B.
        generator: the only source of randomness; the draws are on its device.

    Returns:
        `(num_strata, B)`, integers.
    """
    # A float32 draw has 24 bits, so that stratum + place is exact in float64 and never rounds up into the next stratum.
    place = torch.rand(num_strata, batch_size, generator=generator, device=generator.device, dtype=torch.float32)
    stratum = torch.arange(num_strata, device=generator.device)[:, None]
    offset = ((stratum + place.double()) * ((last - first + 1) / num_strata)).long()
    return (first + offset).clamp(max=last)
