"""A variational autoencoder with two stochastic layers.

    p(x, z_1, z_2) = N(z_2; 0, I) N(z_1; m(z_2), diag(v(z_2))) p(x given z_1)

The lower layer z_1 has a prior that the upper one shapes, so it can be far from any Gaussian.

Reference: Burda, Grosse & Salakhutdinov 2016, section 2 and appendix C; Rezende, Mohamed & Wierstra 2014, section 3.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genlab.gaussian import normal_log_prob
from genlab.interfaces.constraints import PositiveInt
from genlab.interfaces.data_source import Batch, DataSpec
from genlab.interfaces.diagnosis import Diagnosis
from genlab.interfaces.part import Part
from genlab_vae.decoder import Decoder
from genlab_vae.diagnostics import diagnose
from genlab_vae.directed import DirectedModel
from genlab_vae.likelihood import Likelihood
from genlab_vae.standard_normal import StandardNormal


@dataclass(frozen=True)
class Layers:
    """The latent variables of two layers.

    Attributes:
        lower: z_1, which x depends on, `(S, B, J_1)`.
        upper: z_2, which z_1 depends on, `(S, B, J_2)`.
    """

    lower: Tensor
    upper: Tensor


class TwoLayerVAE(DirectedModel):
    """A Gaussian layer on top of another, and a likelihood below; z is `Layers`."""

    def __init__(
        self,
        spec: DataSpec,
        /,
        *,
        lower_dim: PositiveInt,
        upper_dim: PositiveInt,
        likelihood: Part[Likelihood],
        decoder: Part[Decoder],
        upper_decoder: Part[Decoder],
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            lower_dim: J_1, the number of dimensions of z_1.
            upper_dim: J_2, the number of dimensions of z_2.
            likelihood: the distribution of x given the decoder's output.
            decoder: the network from z_1 to that output.
            upper_decoder: the network from z_2 to the mean and the log variance of z_1.
        """
        super().__init__()
        self.event_shape = spec.event_shape
        self.lower_dim, self.upper_dim = lower_dim, upper_dim
        self.likelihood = likelihood(spec)
        self.decoder = decoder(lower_dim, self.likelihood.output_shape)
        self.upper_decoder = upper_decoder(upper_dim, (2 * lower_dim,))
        self.prior = StandardNormal(upper_dim, spec)

    def log_joint(self, x: Tensor, z: Layers) -> dict[str, Tensor]:
        """Return `likelihood`, `lower_prior` = log p(z_1 given z_2) and `upper_prior` = log p(z_2), each `(S, B)`."""
        output = self.decoder(z.lower.flatten(0, 1)).to(x.dtype).unflatten(0, z.lower.shape[:2])
        mean, log_var = self._lower_given(z.upper.flatten(0, 1))
        densities = normal_log_prob(z.lower.flatten(0, 1), mean, log_var).sum(-1)
        return {
            "likelihood": self.likelihood.log_prob(x, output),
            "lower_prior": densities.reshape(z.lower.shape[:2]),
            "upper_prior": self.prior.log_prob(z.upper),
        }

    def sample_prior(self, num_draws: int, *, generator: torch.Generator) -> Layers:
        """Draw z_2, then z_1, `(num_draws, J)` each."""
        upper = self.prior.sample(num_draws, generator=generator)
        mean, log_var = self._lower_given(upper)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
        return Layers(mean + torch.exp(0.5 * log_var) * noise, upper)

    @property
    def layers(self) -> Mapping[str, int]:
        """J_1 and J_2."""
        return {"lower": self.lower_dim, "upper": self.upper_dim}

    def latents_at(self, values: Mapping[str, Tensor]) -> Layers:
        """Return the values of the two layers, which are called `lower` and `upper`."""
        return Layers(values["lower"], values["upper"])

    def mean_given(self, z: Layers) -> Tensor:
        """Return E[x given z_1], `(B, *X)`, for layers without an axis of draws."""
        return self.likelihood.mean(self.decoder(z.lower))

    def sample_given(self, z: Layers, *, generator: torch.Generator) -> Tensor:
        """Draw x from p(x given z_1), `(B, *X)`, for layers without an axis of draws."""
        return self.likelihood.sample(self.decoder(z.lower), generator=generator)

    def diagnose(self, family: nn.Module, batches: Iterable[Batch], *, generator: torch.Generator) -> Diagnosis:
        """Return the rate, the distortion, the reconstruction error, and which latents of each layer are used."""
        return diagnose(self, family, batches, generator)

    def _lower_given(self, upper: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean and the log variance of z_1, `(B, J_1)`, given z_2, `(B, J_2)`."""
        mean, log_var = self.upper_decoder(upper).to(upper.dtype).chunk(2, dim=1)
        return mean, log_var
