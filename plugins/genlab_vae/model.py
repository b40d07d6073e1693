"""The variational autoencoder's joint.

    p(x, z) = N(z; 0, I_J) p(x given z)

p(x given z) is a likelihood whose parameters a decoder network computes from z.

Reference: Kingma & Welling 2014, section 3; Rezende, Mohamed & Wierstra 2014.
"""

import math

import torch
from torch import Tensor

from genlab.interfaces.constraints import PositiveInt
from genlab.interfaces.data_source import DataSpec
from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.part import Part
from genlab_vae.decoder import Decoder
from genlab_vae.likelihood import Likelihood


class VAE(LatentModel):
    """One standard normal vector z for each x; z has shape `(S, B, J)`.

    >>> from genlab_vae.bernoulli import Bernoulli
    >>> from genlab_vae.mlp import MLPDecoder
    >>> spec = DataSpec("toy", event_shape=(4,), num_train=10, levels=2)
    >>> model = VAE(spec, latent_dim=2, likelihood=Part(Bernoulli), decoder=Part(MLPDecoder, {"hidden": (3,)}))
    >>> factors = model.log_joint(torch.ones(5, 4), torch.zeros(7, 5, 2))
    >>> {name: tuple(value.shape) for name, value in factors.items()}
    {'likelihood': (7, 5), 'prior': (7, 5)}
    """

    def __init__(
        self, spec: DataSpec, /, *, latent_dim: PositiveInt, likelihood: Part[Likelihood], decoder: Part[Decoder]
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            latent_dim: J, the number of dimensions of z.
            likelihood: the distribution of x given the decoder's output.
            decoder: the network from z to that output.
        """
        super().__init__()
        self.event_shape = spec.event_shape
        self.latent_dim = latent_dim
        self.likelihood = likelihood(spec)
        self.decoder = decoder(latent_dim, self.likelihood.output_shape)
        # Holds the prior's mean and log variance, and with them the device and the precision of z.
        self.register_buffer("zero", torch.zeros(latent_dim), persistent=False)
        self.zero: Tensor

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        """Return `likelihood` and `prior`, each `(S, B)`."""
        return {"likelihood": self.log_likelihood(x, z), "prior": self.log_prior(z)}

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """Return log p(x given z), `(S, B)`."""
        # Outside autocast nothing is converted; inside, densities are still computed in x's precision.
        output = self.decoder(z.flatten(0, 1)).to(x.dtype)
        return self.likelihood.log_prob(x, output.unflatten(0, z.shape[:2]))

    def log_prior(self, z: Tensor) -> Tensor:
        """Return log N(z; 0, I), `(S, B)`."""
        return -0.5 * (z.square().sum(-1) + self.latent_dim * math.log(2 * math.pi))

    def sample_prior(self, num_draws: int, *, generator: torch.Generator) -> Tensor:
        """Draw z, `(num_draws, J)`."""
        shape = (num_draws, self.latent_dim)
        return torch.randn(shape, generator=generator, device=self.zero.device, dtype=self.zero.dtype)

    def mean_given(self, z: Tensor) -> Tensor:
        """Return E[x given z], `(B, *X)`, for z of shape `(B, J)`."""
        return self.likelihood.mean(self.decoder(z))

    def sample_given(self, z: Tensor, *, generator: torch.Generator) -> Tensor:
        """Draw x from p(x given z), `(B, *X)`, for z of shape `(B, J)`."""
        return self.likelihood.sample(self.decoder(z), generator=generator)
