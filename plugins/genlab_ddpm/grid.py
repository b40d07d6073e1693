"""Which timesteps a sampler of few steps visits, from T down to 1.

Evenly over t (even), over its square root (quadratic: more of the small ones), over the log signal-to-noise ratio,
in which an exponential integrator's error per step is even (log-snr), or over sigma^(1/7), with sigma^2 = 1 / SNR
(karras). The last two do not depend on how the schedule numbers its timesteps.

Reference: Song, Meng & Ermon 2021, appendix D.2 (even and quadratic); Lu et al. 2022, section 3 (log-SNR); Karras et
al. 2022, eq. 5 with rho = 7.
"""

from typing import Literal

import torch
from torch import Tensor

Spacing = Literal["even", "quadratic", "log-snr", "karras"]

_RHO = 7


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
    if spacing in ("log-snr", "karras"):
        rising = -log_snr.double().cpu()
        if spacing == "karras":
            rising = (rising / (2 * _RHO)).exp()
        places = torch.linspace(rising[-1].item(), rising[0].item(), steps, dtype=torch.float64)
        nearest = torch.searchsorted((rising[1:] + rising[:-1]) / 2, places) + 1
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
