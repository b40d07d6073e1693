"""A mixture of K Gaussians with conjugate priors, whose evidence is a sum over all assignments.

    pi ~ Dirichlet(alpha, .., alpha)     mu_k ~ N(0, s0^2 I)
    z_i ~ Categorical(pi)                x_i given z_i = k ~ N(mu_k, s^2 I)
    p(x) = sum_z p(z) prod_k p(x_i : z_i = k)

p(z) is Dirichlet-multinomial, and each component's observations are jointly Gaussian with covariance s^2 I + s0^2 11'
in every dimension, so K^B terms are the evidence of B observations.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from genlab.interfaces.constraints import PositiveFloat, PositiveInt
from genlab.interfaces.data_source import DataSpec
from genlab.interfaces.latent_model import LatentModel
from genlab.testing.reference.densities import log_normal
from genlab.testing.reference.mixture.latents import Latents


class ConjugateMixture(LatentModel):
    """K Gaussians around unknown means; nothing of the model itself is learned.

    >>> model = ConjugateMixture(DataSpec("toy", event_shape=(1,), num_train=3), components=2)
    >>> model.log_evidence(torch.zeros(3, 1)).shape
    torch.Size([])

    Attributes:
        concentration, prior_var, noise_var: alpha, s0^2 and s^2, `()`.
    """

    concentration: Tensor
    prior_var: Tensor
    noise_var: Tensor

    def __init__(
        self,
        spec: DataSpec,
        /,
        *,
        components: PositiveInt = 2,
        concentration: PositiveFloat = 1.5,
        mean_scale: PositiveFloat = 2.0,
        noise_scale: PositiveFloat = 0.8,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            components: K, how many Gaussians.
            concentration: alpha, of the weights' Dirichlet prior.
            mean_scale: s0, the prior standard deviation of the means around 0.
            noise_scale: s, the standard deviation of x around the mean of its component.
        """
        super().__init__()
        self.event_shape, self.num_components, self.num_dims = spec.event_shape, components, spec.num_dims
        for name, value in (
            ("concentration", concentration),
            ("prior_var", mean_scale**2),
            ("noise_var", noise_scale**2),
        ):
            self.register_buffer(name, torch.tensor(value), persistent=False)

    def log_joint(self, x: Tensor, z: Latents) -> dict[str, Tensor]:
        """Return `likelihood` and `assignment_prior`, `(S, B)`, and `weight_prior` and `mean_prior`, `(S,)`."""
        chosen = z.means.gather(1, z.assignments.unsqueeze(-1).expand(-1, -1, self.num_dims))
        concentration = self.concentration.expand(self.num_components)
        return {
            "likelihood": log_normal(x.flatten(1), chosen, self.noise_var).sum(-1),
            "assignment_prior": z.weights.gather(1, z.assignments).log(),
            "weight_prior": log_dirichlet(z.weights, concentration),
            "mean_prior": log_normal(z.means, z.means.new_zeros(()), self.prior_var).sum((-1, -2)),
        }

    def log_evidence(self, x: Tensor) -> Tensor:
        """Return log p(x) of all observations together, `()`; the work grows as K^B, so B should be about 10."""
        num_data = len(x)
        digits = torch.arange(self.num_components**num_data, device=x.device).unsqueeze(1)
        place = self.num_components ** torch.arange(num_data, device=x.device)
        assigned = F.one_hot(digits // place % self.num_components, self.num_components).to(x.dtype)  # (A, B, K)
        counts = assigned.sum(1)
        sums = torch.einsum("abk,bd->akd", assigned, x.flatten(1))
        squares = torch.einsum("abk,bd->akd", assigned, x.flatten(1).square())
        joint = self._log_assignments(counts) + self._log_marginals(counts.unsqueeze(-1), sums, squares).sum((-1, -2))
        return torch.logsumexp(joint, 0)

    def _log_assignments(self, counts: Tensor) -> Tensor:
        """Return log p(z), `(A,)`, from how many observations each component has, `(A, K)`."""
        alpha, total = self.concentration, self.concentration * self.num_components
        of_components = (torch.lgamma(alpha + counts) - torch.lgamma(alpha)).sum(1)
        return torch.lgamma(total) - torch.lgamma(total + counts.sum(1)) + of_components

    def _log_marginals(self, counts: Tensor, sums: Tensor, squares: Tensor) -> Tensor:
        """Return log N(x_S; 0, s^2 I + s0^2 11') from count, sum and sum of squares of S."""
        spread = self.noise_var + counts * self.prior_var
        quadratic = (squares - sums.square() * self.prior_var / spread) / self.noise_var
        log_det = counts * torch.log(2 * torch.pi * self.noise_var) + torch.log(spread / self.noise_var)
        return -0.5 * (log_det + quadratic)


def log_dirichlet(weights: Tensor, concentration: Tensor) -> Tensor:
    """Return the log density of weights `(..., K)` on the simplex, for concentrations `(K,)`."""
    log_normalizer = torch.lgamma(concentration.sum()) - torch.lgamma(concentration).sum()
    return log_normalizer + ((concentration - 1) * weights.log()).sum(-1)
