"""A scene: one batch of a setting with draws of z for it, on which laws are tried."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from genlab.assembly import Assembly
from genlab.interfaces import Batch, LatentModel, Posterior, VariationalFamily
from genlab.testing.latents import copied, local_places, of_examples
from genlab.testing.subject import Subject


@dataclass(frozen=True)
class Scene:
    """One batch, and S draws of z for it.

    Attributes:
        assembly: the parts.
        batch: B observations.
        posterior: q(z given x) of the batch.
        z: S draws.
        places: where z has local tensors, as `genlab.testing.latents` names them; empty for a batch of one.
    """

    assembly: Assembly
    batch: Batch
    posterior: Posterior
    z: Any
    places: frozenset[str]

    @property
    def x(self) -> Tensor:
        """The observations, `(B, *X)`."""
        return self.batch.x

    @property
    def model(self) -> LatentModel:
        """The joint p(x, z)."""
        return self.assembly.model

    @property
    def family(self) -> VariationalFamily:
        """The allowed q(z given x)."""
        return self.assembly.family

    def factors(self) -> dict[str, Tensor]:
        """Return the factors of log p(x, z)."""
        return self.model.log_joint(self.x, self.z)

    def z_of(self, indices: Tensor) -> Any:
        """Return z of the observations at `indices`."""
        return of_examples(self.z, self.places, indices)

    def z_copy(self) -> Any:
        """Return a copy of z."""
        return copied(self.z)


@torch.no_grad()
def scene_of(
    subject: Subject,
    batch_size: int = 3,
    num_samples: int = 2,
    *,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
    assembly: Assembly | None = None,
) -> Scene:
    """Read a batch and draw z for it.

    Args:
        subject: where.
        batch_size: B.
        num_samples: S.
        seed: which observations and which draws.
        dtype: the precision of everything.
        assembly: the parts; by default assembled anew.

    Raises:
        CannotRun: when the data have fewer observations.
    """
    assembly = assembly if assembly is not None else subject.assembly(dtype=dtype)
    batch = subject.batch(assembly, batch_size, seed=seed, dtype=dtype)
    posterior = assembly.family.posterior(batch.x)
    z = posterior.sample(num_samples, generator=subject.generator(assembly, seed))
    places = frozenset[str]()
    if batch_size > 1:
        places = local_places(assembly.family, batch.x, subject.generator(assembly, seed))
    return Scene(assembly, batch, posterior, z, places)
