"""The latent variables of a mixture: which component each x comes from, how heavy each is, and where it lies."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class MixtureLatents:
    """S joint draws of everything a mixture does not observe.

    The weights are kept as logarithms: with a small concentration most of them are below the smallest float.

    Attributes:
        assignments: `(S, B)`, integers in 0..K-1.
        log_weights: `(S, K)`, in float64; their exponentials sum to 1.
        means: `(S, K, D)`.
    """

    assignments: Tensor
    log_weights: Tensor
    means: Tensor

    @property
    def weights(self) -> Tensor:
        """The weights themselves, `(S, K)`."""
        return self.log_weights.exp()
