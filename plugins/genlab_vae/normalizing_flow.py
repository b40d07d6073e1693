"""The amortised family of a diagonal Gaussian and a flow on top of it.

    z_0 ~ N(mu(x), diag(sigma^2(x))),   z = f(z_0; h(x)),   log q(z given x) = log q_0(z_0) - log |det dz / dz_0|

One encoder gives mu, log sigma^2 and the context h. A flow can bend q to where the true posterior is no Gaussian, so
the gap between bound and evidence can close further.

Reference: Rezende & Mohamed 2015, section 3; Kingma et al. 2016, section 3.
"""

import torch
from torch import Tensor

from genlab.interfaces.constraints import PositiveInt
from genlab.interfaces.data_source import DataSpec
from genlab.interfaces.part import Part
from genlab.interfaces.variational_family import VariationalFamily
from genlab_vae.encoder import Encoder, encode
from genlab_vae.family import DiagonalGaussianPosterior
from genlab_vae.flow import Flow
from genlab_vae.inverse_autoregressive import InverseAutoregressive
from genlab_vae.model import VAE
from genlab_vae.normal_points import moments
from genlab_vae.posterior import LatentPosterior


class FlowPosterior(LatentPosterior):
    """A Gaussian after a flow, for each observation of a batch.

    The density of its latest draw is remembered, because some flows are slow to undo; it is used for the very tensor
    that was drawn. A view of it, or a copy, is undone like any other z.
    """

    def __init__(self, base: DiagonalGaussianPosterior, flow: Flow, context: Tensor) -> None:
        """Make one.

        Args:
            base: the distribution of z_0.
            flow: from z_0 to z.
            context: what the flow is told of each observation, `(B, C)`.
        """
        self._base, self._flow, self._context = base, flow, context
        self._latest: tuple[Tensor, int, Tensor] | None = None

    def rsample(self, num_samples: int, *, generator: torch.Generator) -> Tensor:
        """Draw z = f(z_0), `(S, B, J)`."""
        z_0 = self._base.rsample(num_samples, generator=generator)
        z, log_det = self._flow(z_0, self._context)
        self._latest = (z, z._version, self._base.log_prob(z_0)["entropy"] - log_det)
        drawn: Tensor = z
        return drawn

    def log_prob(self, z: Tensor) -> dict[str, Tensor]:
        """Return log q(z given x) under the name of its negative, `entropy`: `(S, B)`."""
        if self._latest is not None:
            drawn, version, log_q = self._latest
            told = log_q.requires_grad or not torch.is_grad_enabled()
            if z is drawn and z._version == version and told:
                return {"entropy": log_q}
        z_0, log_det = self._flow.inverse(z, self._context)
        return {"entropy": self._base.log_prob(z_0)["entropy"] - log_det}

    @torch.no_grad()
    def describe(self) -> dict[str, Tensor]:
        """Return the `mean` and the standard deviation `std` of z, `(B, J)` each, by a fixed set of z_0."""

        def z_at(eps: Tensor) -> Tensor:
            z: Tensor = self._flow(self._base.at(eps), self._context)[0]
            return z

        mean, var = moments(z_at, self._base.mean.shape[-1], self._base.mean)
        return {"mean": mean, "std": var.sqrt()}


class NormalizingFlow(VariationalFamily):
    """Let an encoder give each x a Gaussian, and a flow bend it."""

    def __init__(
        self,
        model: VAE,
        spec: DataSpec,
        /,
        *,
        encoder: Part[Encoder],
        flow: Part[Flow] = Part(InverseAutoregressive),
        context_dim: PositiveInt = 32,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            encoder: the network from x to the mean and log variance of z_0, and to the context.
            flow: from z_0 to z.
            context_dim: how many numbers of x the flow is told.
        """
        super().__init__()
        self._latent_dim, self._context_dim, self._spec = model.latent_dim, context_dim, spec
        self.encoder = encoder(spec.event_shape, 2 * model.latent_dim + context_dim)
        self.flow = flow(model.latent_dim, context_dim)
        model.prior.take_family(self)

    def posterior(self, x: Tensor) -> FlowPosterior:
        """Return q for a batch; integers reach the encoder scaled to [0, 1]."""
        sizes = [self._latent_dim, self._latent_dim, self._context_dim]
        mean, log_var, context = torch.split(encode(self.encoder, x, self._spec), sizes, dim=1)
        return FlowPosterior(DiagonalGaussianPosterior(mean, log_var), self.flow, context)
