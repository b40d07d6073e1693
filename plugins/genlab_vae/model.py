"""The variational autoencoder's joint.

    p(x, z) = p(z) p(x given z)

p(z) is a prior over vectors of J numbers, standard normal by default. p(x given z) is a likelihood whose parameters a
decoder network computes from z.

Reference: Kingma & Welling 2014, section 3; Rezende, Mohamed & Wierstra 2014.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from genlab.interfaces.constraints import PositiveInt
from genlab.interfaces.data_source import Batch, DataSpec
from genlab.interfaces.diagnosis import Diagnosis
from genlab.interfaces.part import Part
from genlab_vae.decoder import Decoder
from genlab_vae.diagnostics import diagnose
from genlab_vae.directed import DirectedModel
from genlab_vae.likelihood import Likelihood
from genlab_vae.prior import Prior
from genlab_vae.standard_normal import StandardNormal


class VAE(DirectedModel):
    """One vector z of J numbers for each x; z has shape `(S, B, J)`.

    >>> from genlab_vae.bernoulli import Bernoulli
    >>> from genlab_vae.mlp import MLPDecoder
    >>> spec = DataSpec("toy", event_shape=(4,), num_train=10, levels=2)
    >>> model = VAE(spec, latent_dim=2, likelihood=Part(Bernoulli), decoder=Part(MLPDecoder, {"hidden": (3,)}))
    >>> factors = model.log_joint(torch.ones(5, 4), torch.zeros(7, 5, 2))
    >>> {name: tuple(value.shape) for name, value in factors.items()}
    {'likelihood': (7, 5), 'prior': (7, 5)}
    """

    def __init__(
        self,
        spec: DataSpec,
        /,
        *,
        latent_dim: PositiveInt,
        likelihood: Part[Likelihood],
        decoder: Part[Decoder],
        prior: Part[Prior] = Part(StandardNormal),
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            latent_dim: J, the number of dimensions of z.
            likelihood: the distribution of x given the decoder's output.
            decoder: the network from z to that output.
            prior: the distribution of z.
        """
        super().__init__()
        self.event_shape = spec.event_shape
        self.latent_dim = latent_dim
        self.likelihood = likelihood(spec)
        self.decoder = decoder(latent_dim, self.likelihood.output_shape)
        self.prior = prior(latent_dim, spec)

    def log_joint(self, x: Tensor, z: Tensor) -> dict[str, Tensor]:
        """Return `likelihood` and `prior`, each `(S, B)`."""
        return {"likelihood": self.log_likelihood(x, z), "prior": self.log_prior(z)}

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """Return log p(x given z), `(S, B)`."""
        # Outside autocast nothing is converted; inside, densities are still computed in x's precision.
        output = self.decoder(z.flatten(0, 1)).to(x.dtype)
        return self.likelihood.log_prob(x, output.unflatten(0, z.shape[:2]))

    def log_prior(self, z: Tensor) -> Tensor:
        """Return log p(z), `(S, B)`."""
        return self.prior.log_prob(z)

    def sample_prior(self, num_draws: int, *, generator: torch.Generator) -> Tensor:
        """Draw z, `(num_draws, J)`."""
        return self.prior.sample(num_draws, generator=generator)

    @property
    def layers(self) -> Mapping[str, int]:
        """J, of the only layer."""
        return {"": self.latent_dim}

    def latents_at(self, values: Mapping[str, Tensor]) -> Tensor:
        """Return the values of the only layer."""
        return values[""]

    def mean_given(self, z: Tensor) -> Tensor:
        """Return E[x given z], `(B, *X)`, for z of shape `(B, J)`."""
        return self.likelihood.mean(self.decoder(z))

    def sample_given(self, z: Tensor, *, generator: torch.Generator) -> Tensor:
        """Draw x from p(x given z), `(B, *X)`, for z of shape `(B, J)`."""
        return self.likelihood.sample(self.decoder(z), generator=generator)

    def diagnose(self, family: nn.Module, batches: Iterable[Batch], *, generator: torch.Generator) -> Diagnosis:
        """Return the rate, the distortion, the reconstruction error, and which latents are used."""
        return diagnose(self, family, batches, generator, prior=self.prior)
