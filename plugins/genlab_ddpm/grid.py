"""Which timesteps a sampler of few steps visits, from T down to 1.

Evenly spread over t, over t^2 (more of the small ones), or over the log signal-to-noise ratio, in which an
exponential integrator's error per step is even.

Reference: Song, Meng & Ermon 2021, appendix D.2 (linear and quadratic); Lu et al. 2022, section 3 (log-SNR).
"""

from typing import Literal

import torch
from torch import Tensor

Spacing = Literal["even", "quadratic", "log-snr"]


def grid(log_snr: Tensor, steps: int, spacing: Spacing = "even") -> list[int]:
    """Return `steps` timesteps that fall strictly from T to 1; T alone for one step.

    >>> grid(torch.linspace(9, -9, 1000), 5)
    [1000, 750, 500, 251, 1]
    >>> grid(torch.linspace(9, -9, 1000), 5, "quadratic")
    [1000, 574, 266, 75, 1]

    Args:
        log_snr: `(T,)`, falling.
        steps: how many, at most T.
        spacing: along which scale they are spread evenly.
    """
    timesteps = len(log_snr)
    if spacing == "log-snr":
        falling = -log_snr.double().cpu()
        places = torch.linspace(falling[-1].item(), falling[0].item(), steps, dtype=torch.float64)
        nearest = torch.searchsorted((falling[1:] + falling[:-1]) / 2, places) + 1
    else:
        power = 2 if spacing == "quadratic" else 1
        nearest = torch.linspace(timesteps ** (1 / power), 1, steps, dtype=torch.float64).pow(power).round().long()
    return _strictly_falling(nearest.tolist(), timesteps)


def _strictly_falling(places: list[int], timesteps: int) -> list[int]:
    """Move timesteps that coincide to the nearest free ones."""
    for index in range(1, len(places)):
        places[index] = min(places[index], places[index - 1] - 1)
    for index in range(len(places) - 1, -1, -1):
        places[index] = max(places[index], places[index + 1] + 1 if index + 1 < len(places) else 1)
    assert places[0] <= timesteps
    return places
