"""The latent variables of a mixture."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Latents:
    """S joint draws.

    Attributes:
        assignments: `(S, B)`, integers in 0..K-1.
        weights: `(S, K)`, positive, summing to 1.
        means: `(S, K, D)`.
    """

    assignments: Tensor
    weights: Tensor
    means: Tensor
