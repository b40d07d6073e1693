"""The latent variables of a mixture: which component each x comes from, how heavy each is, and how it scatters."""

from dataclasses import dataclass

from torch import Tensor

from genlab_mixture.gaussians import Gaussians


@dataclass(frozen=True)
class MixtureLatents:
    """S joint draws of everything a mixture does not observe.

    The weights are kept as logarithms: with a small concentration most of them are below the smallest float.

    Attributes:
        assignments: `(S, B)`, integers in 0..K-1.
        log_weights: `(S, K)`, in float64; their exponentials sum to 1.
        gaussians: the components, `(S, K)` of them, in float64.
    """

    assignments: Tensor
    log_weights: Tensor
    gaussians: Gaussians

    @property
    def weights(self) -> Tensor:
        """The weights themselves, `(S, K)`."""
        return self.log_weights.exp()

    @property
    def means(self) -> Tensor:
        """The components' means, `(S, K, D)`."""
        return self.gaussians.means
