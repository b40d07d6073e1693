"""The mean-field family of a mixture.

    q(z, pi, mu given x) = prod_i Cat(z_i | phi_i) * Dirichlet(pi | a) * prod_k N(mu_k | m_k, v_k)

phi is not kept: it is the exact optimum given the rest, for any x (see `responsibilities`). The parameters are
log a, m and log v, which may take any real value, so that gradients, coordinate ascent and natural gradients move
the same parameters; the natural parameters would have to stay positive under a gradient step.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from genlab.interfaces.data_source import Splits
from genlab.interfaces.variational_family import VariationalFamily
from genlab_mixture.factors import GlobalFactors
from genlab_mixture.initialization import initial_means
from genlab_mixture.model import GaussianMixture
from genlab_mixture.posterior import MixturePosterior
from genlab_mixture.responsibilities import log_responsibilities


class MeanField(VariationalFamily):
    """Assignments, weights and means, all independent under q.

    Attributes:
        log_concentration: log a, `(K,)`.
        mean: m, `(K, D)`.
        log_var: log v, `(K, D)`.
    """

    noise_scale: Tensor

    def __init__(
        self, model: GaussianMixture, data: Splits, /, *, init: Literal["k-means++", "quantiles"] = "k-means++"
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            init: where the means start: at observations drawn far from each other, or at even quantiles of the data.
        """
        super().__init__()
        # Each component starts as if it had an equal share of the data.
        share = data.spec.num_train / model.num_components
        var = 1 / (model.mean_scale**-2 + share * model.noise_scale**-2)
        self.log_concentration = nn.Parameter((model.concentration + share).log())
        self.mean = nn.Parameter(initial_means(data.train, model, init))
        self.log_var = nn.Parameter(var.log().repeat(model.num_components, 1))
        self.register_buffer("noise_scale", model.noise_scale.clone(), persistent=False)

    def factors(self) -> GlobalFactors:
        """Return q(pi) and q(mu), differentiable in the parameters, and unchanged when those move later."""
        mean = self.mean.to(torch.float64, copy=True)
        return GlobalFactors(self.log_concentration.double().exp(), mean, self.log_var.double().exp())

    @torch.no_grad()
    def set_factors(self, factors: GlobalFactors) -> None:
        """Set the parameters, in place, to those of `factors`."""
        self.log_concentration.copy_(factors.concentration.log())
        self.mean.copy_(factors.mean)
        self.log_var.copy_(factors.var.log())

    def posterior(self, x: Tensor) -> MixturePosterior:
        """Return q for a batch, its assignments at their exact optimum."""
        factors = self.factors()
        return MixturePosterior(log_responsibilities(x, factors, self.noise_scale), factors)
