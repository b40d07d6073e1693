"""What a part may offer beyond its interface, where it happens to be known.

These are protocols: a part offers one by having the method. Checks that need it run wherever it is there.
"""

from typing import Protocol, runtime_checkable

from torch import Tensor

from genlab.interfaces.latent_model import LatentModel


@runtime_checkable
class KnownEvidence(Protocol):
    """A model whose evidence is known exactly, or to rounding."""

    def log_evidence(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats.

        Args:
            x: `(B, *X)`.

        Returns:
            `(B,)` where observations are independent given the parameters; `()`, the evidence of all B together,
            where they share latent variables.
        """


@runtime_checkable
class KnownDensity(Protocol):
    """A sampler that knows the density, or the mass, its draws follow."""

    def log_density(self, model: LatentModel, x: Tensor) -> Tensor:
        """Return the log density of each draw in nats, `(B,)`, for draws `(B, *X)` that are independent."""
