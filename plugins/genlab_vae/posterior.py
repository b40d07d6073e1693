"""A posterior over the latent vector of a VAE."""

import abc
from typing import ClassVar

import torch
from torch import Tensor

from genlab.interfaces.variational_family import Posterior
from genlab_vae.prior import Prior


def means_by_layer(posterior: Posterior) -> dict[str, Tensor]:
    """Return E_q z of each layer of latents that a posterior describes, `(B, J)`: `""` names an only one."""
    described = posterior.describe()
    return {name[: -len("mean")].rstrip("_"): mean for name, mean in described.items() if name.endswith("mean")}


class LatentPosterior(Posterior):
    """One q(z given x) for each observation of a batch, z of shape `(S, B, J)`, drawn as a function of noise."""

    reparameterized: ClassVar[bool] = True

    def kl(self, prior: Prior) -> Tensor | None:
        """Return KL(q || p) of each observation in nats, `(B,)`, where it has a closed form, else None."""
        return None

    def kl_by_latent(self, prior: Prior) -> Tensor | None:
        """Return the divergence of each latent alone, `(B, J)`, where q and p are independent over latents, else None.

        The divergences sum to `kl`.
        """
        return None

    @abc.abstractmethod
    def describe(self) -> dict[str, Tensor]:
        """Return the `mean` and the standard deviation `std` of z, `(B, J)` each."""

    @torch.no_grad()
    def sample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        """Draw z, `(S, B, J)`, without gradient."""
        z: Tensor = self.rsample(num_samples, generator=generator)
        return z
