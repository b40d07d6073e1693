"""The amortised family of a VAE with two layers, from the bottom up.

    q(z_1, z_2 given x) = N(z_1; mu_1(x), diag(sigma_1^2(x))) N(z_2; mu_2(z_1), diag(sigma_2^2(z_1)))

Given x, z_1 and z_2 are dependent: the upper layer is read off the lower one's draw.

Reference: Burda, Grosse & Salakhutdinov 2016, eq. 1 and appendix C.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from genlab.interfaces.data_source import DataSpec
from genlab.interfaces.part import Part
from genlab.interfaces.variational_family import Posterior, VariationalFamily
from genlab_vae.encoder import Encoder, encode
from genlab_vae.family import DiagonalGaussianPosterior
from genlab_vae.normal_points import moments
from genlab_vae.two_layers import Layers, TwoLayerVAE


class TwoLayerPosterior(Posterior):
    """A diagonal Gaussian of z_1 for each observation, and one of z_2 for each draw of z_1."""

    reparameterized: ClassVar[bool] = True

    def __init__(self, lower: DiagonalGaussianPosterior, upper_encoder: nn.Module) -> None:
        """Make one.

        Args:
            lower: the distribution of z_1.
            upper_encoder: from z_1 to the mean and log variance of z_2.
        """
        self._lower, self._upper_encoder = lower, upper_encoder

    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Layers:
        """Draw z_1, then z_2."""
        lower = self._lower.rsample(num_samples, generator=generator)
        upper = self._upper_given(lower).rsample(1, generator=generator)
        return Layers(lower, upper.reshape(*lower.shape[:2], -1))

    @torch.no_grad()
    def sample(self, num_samples: int, *, generator: torch.Generator) -> Layers:
        """Draw z_1, then z_2, without gradient."""
        return self.rsample(num_samples, generator=generator)

    def log_prob(self, z: Layers) -> dict[str, Tensor]:
        """Return log q of each layer under the names of their negatives, `lower_entropy` and `upper_entropy`."""
        upper = self._upper_given(z.lower).log_prob(z.upper.flatten(0, 1).unsqueeze(0))["entropy"]
        return {
            "lower_entropy": self._lower.log_prob(z.lower)["entropy"],
            "upper_entropy": upper.reshape(z.lower.shape[:2]),
        }

    @torch.no_grad()
    def describe(self) -> dict[str, Tensor]:
        """Return the mean and the standard deviation of each layer, `(B, J)`; of z_2, by a fixed set of z_1."""

        def upper_at(eps: Tensor) -> Tensor:
            lower = self._lower.at(eps)
            upper = self._upper_given(lower)
            return torch.cat([upper.mean, upper.log_var.exp()], -1).reshape(*lower.shape[:2], -1)

        means, variances = moments(upper_at, self._lower.mean.shape[-1], self._lower.mean)
        mean, var_within = means.chunk(2, dim=-1)
        var = var_within + variances.chunk(2, dim=-1)[0]  # within and between the draws of z_1
        lower = {f"lower_{name}": value for name, value in self._lower.describe().items()}
        return lower | {"upper_mean": mean, "upper_std": var.sqrt()}

    def _upper_given(self, lower: Tensor) -> DiagonalGaussianPosterior:
        """Return the distribution of z_2, S * B of them, given z_1, `(S, B, J_1)`."""
        numbers = self._upper_encoder(lower.flatten(0, 1)).to(lower.dtype)
        mean, log_var = torch.chunk(numbers, 2, dim=1)
        return DiagonalGaussianPosterior(mean, log_var)


class TwoLayerGaussian(VariationalFamily):
    """Let one encoder read x, and another what was drawn for the lower layer."""

    def __init__(
        self, model: TwoLayerVAE, spec: DataSpec, /, *, encoder: Part[Encoder], upper_encoder: Part[Encoder]
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            encoder: the network from x to the mean and log variance of z_1.
            upper_encoder: the network from z_1 to the mean and log variance of z_2.
        """
        super().__init__()
        self._spec = spec
        self.encoder = encoder(spec.event_shape, 2 * model.lower_dim)
        self.upper_encoder = upper_encoder((model.lower_dim,), 2 * model.upper_dim)

    def posterior(self, x: Tensor) -> TwoLayerPosterior:
        """Return q for a batch; integers reach the encoder scaled to [0, 1]."""
        mean, log_var = encode(self.encoder, x, self._spec).chunk(2, dim=1)
        return TwoLayerPosterior(DiagonalGaussianPosterior(mean, log_var), self.upper_encoder)
