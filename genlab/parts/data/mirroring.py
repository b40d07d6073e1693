"""Mirror images at random: x' is x or its mirror image, each with probability 1/2, drawn anew each time x is read.

It is what most papers train photographs with (Ho et al. 2020, appendix B); held-out images are never mirrored.
"""

import torch
from torch import Tensor


def mirrored_at_random(x: Tensor, generator: torch.Generator) -> Tensor:
    """Return images of which each is mirrored left to right with probability 1/2.

    Args:
        x: `(B, channels, height, width)`.
        generator: the only source of randomness, on x's device.
    """
    chosen = torch.rand(len(x), generator=generator, device=x.device) < 0.5
    return torch.where(chosen.view(-1, 1, 1, 1), x.flip(-1), x)
