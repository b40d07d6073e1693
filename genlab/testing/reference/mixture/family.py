"""The mean-field family of the conjugate mixture.

    q = prod_i Cat(z_i | phi_i) Dirichlet(pi | a) prod_k N(mu_k; m_k, v_k)

phi is at its optimum given the rest. With one component the exact posterior is in the family.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from genlab.interfaces.variational_family import LatentSummary, Posterior, VariationalFamily
from genlab.testing.reference.densities import log_normal, standard_normal
from genlab.testing.reference.mixture.latents import Latents
from genlab.testing.reference.mixture.model import ConjugateMixture, log_dirichlet


class MeanFieldPosterior(Posterior):
    """q for B observations; assignments are discrete, so no draw of it is reparameterised."""

    def __init__(self, log_phi: Tensor, concentration: Tensor, mean: Tensor, var: Tensor) -> None:
        """Make one.

        Args:
            log_phi: `(B, K)`, log-probabilities of the assignments.
            concentration: a, `(K,)`.
            mean, var: m and v, `(K, D)`.
        """
        self.log_phi, self.concentration, self.mean, self.var = log_phi, concentration, mean, var

    @torch.no_grad()
    def sample(self, num_samples: int, *, generator: torch.Generator) -> Latents:
        """Draw assignments, weights and means, all independent."""
        assignments = torch.multinomial(self.log_phi.exp(), num_samples, replacement=True, generator=generator).T
        gammas = torch._standard_gamma(self.concentration.expand(num_samples, -1), generator=generator)
        noise = standard_normal((num_samples, *self.mean.shape), self.mean, generator=generator)
        return Latents(assignments, gammas / gammas.sum(1, keepdim=True), self.mean + self.var.sqrt() * noise)

    def log_prob(self, z: Latents) -> dict[str, Tensor]:
        """Return `assignment_entropy`, `(S, B)`, and `weight_entropy` and `mean_entropy`, `(S,)`."""
        return {
            "assignment_entropy": self.log_phi.gather(1, z.assignments.T).T,
            "weight_entropy": log_dirichlet(z.weights, self.concentration),
            "mean_entropy": log_normal(z.means, self.mean, self.var).sum((-1, -2)),
        }

    def describe(self) -> dict[str, Tensor]:
        """Return `responsibilities`, `(B, K)`."""
        return {"responsibilities": self.log_phi.exp()}


class MeanField(VariationalFamily):
    """Assignments, weights and means, independent under q.

    Attributes:
        log_concentration: log a, `(K,)`.
        mean, log_var: m and log v, `(K, D)`.
    """

    noise_var: Tensor

    def __init__(self, model: ConjugateMixture, /) -> None:
        """Make one.

        Args:
            model: whose latents it speaks of.
        """
        super().__init__()
        shape = (model.num_components, model.num_dims)
        self.log_concentration = nn.Parameter(torch.randn(model.num_components).abs() + 0.5)
        self.mean = nn.Parameter(torch.randn(shape))
        self.log_var = nn.Parameter(0.3 * torch.randn(shape) - 1)
        self.register_buffer("noise_var", model.noise_var.clone(), persistent=False)

    def posterior(self, x: Tensor) -> MeanFieldPosterior:
        """Return q for `(B, *X)`."""
        concentration, var = self.log_concentration.exp(), self.log_var.exp()
        log_weights = torch.digamma(concentration) - torch.digamma(concentration.sum())
        squares = (x.flatten(1).unsqueeze(1) - self.mean).square() + var
        log_phi = torch.log_softmax(log_weights - 0.5 * squares.sum(-1) / self.noise_var, 1)
        return MeanFieldPosterior(log_phi, concentration, self.mean, var)

    def describe(self, interval: float, truth: Mapping[str, Any]) -> Sequence[LatentSummary]:
        """Return mean, standard deviation and interval of each mu_k, which is normal under q."""
        mean, std = self.mean.double(), torch.exp(0.5 * self.log_var.double())
        reach = std * torch.special.ndtri(torch.tensor(0.5 + 0.5 * interval, dtype=torch.float64))
        return [
            LatentSummary(
                f"means[{k}, {d}]",
                mean[k, d].item(),
                std[k, d].item(),
                (mean - reach)[k, d].item(),
                (mean + reach)[k, d].item(),
            )
            for k, d in itertools.product(*map(range, mean.shape))
        ]
