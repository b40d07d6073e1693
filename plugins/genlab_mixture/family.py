"""The mean-field family of a mixture.

    q(z, pi, parameters given x) = prod_i Cat(z_i | phi_i) * Dirichlet(pi | a) * prod_k q(parameters of k)

phi is not kept: it is the exact optimum given the rest, for any x (see `responsibilities`). The parameters are
log a and the free coordinates of the components' law, which may take any real value, so that gradients, coordinate
ascent and natural gradients move the same parameters; the natural ones would have to stay in their domain under a
gradient step.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from genlab.interfaces.data_source import Splits
from genlab.interfaces.variational_family import LatentSummary, VariationalFamily
from genlab_mixture.description import describe
from genlab_mixture.factors import GlobalFactors
from genlab_mixture.initialization import initial_factors
from genlab_mixture.model import GaussianMixture
from genlab_mixture.posterior import MixturePosterior
from genlab_mixture.responsibilities import log_responsibilities
from genlab_mixture.stored_law import FreeLaw


class MeanField(VariationalFamily):
    """Assignments, weights and the components' parameters, all independent under q.

    Attributes:
        log_concentration: log a, `(K,)`.
        components: the free coordinates of the components' law, such as `mean` and `var`.
    """

    def __init__(
        self, model: GaussianMixture, data: Splits, /, *, init: Literal["k-means++", "quantiles"] = "k-means++"
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            init: where the means start: at observations drawn far from each other, or at even quantiles of the data.
        """
        super().__init__()
        # What an array calls its columns, x[1], is a number again.
        self._columns = () if any("[" in name for name in data.spec.columns) else data.spec.columns
        factors = initial_factors(data.train, model, init)
        self.log_concentration = nn.Parameter(factors.concentration.log().to(torch.get_default_dtype()))
        self.components = FreeLaw(factors.components)

    def factors(self) -> GlobalFactors:
        """Return q of the weights and the components, differentiable, and unchanged when the parameters move."""
        return GlobalFactors(self.log_concentration.double().exp(), self.components.law())

    @torch.no_grad()
    def set_factors(self, factors: GlobalFactors) -> None:
        """Set the parameters, in place, to those of `factors`."""
        self.log_concentration.copy_(factors.concentration.log())
        self.components.hold(factors.components)

    def posterior(self, x: Tensor) -> MixturePosterior:
        """Return q for a batch, its assignments at their exact optimum; values that are NaN do not count."""
        factors = self.factors()
        return MixturePosterior(log_responsibilities(x, ~x.isnan(), factors), factors, x)

    @torch.no_grad()
    def describe(self, interval: float, truth: Mapping[str, Any]) -> Sequence[LatentSummary]:
        """Summarise each weight, each mean and, where it is learned, each standard deviation of the noise."""
        return describe(self.factors(), interval, truth, self._columns)

    def log_predictive(self, x: Tensor) -> Tensor:
        """Return log p(x given the data) for new observations, one at a time: log sum_k a_k / A p(x given k).

        Args:
            x: `(B, D)`; values that are NaN do not count.

        Returns:
            Nats, `(B,)` in float64.
        """
        return self.factors().log_predictive(x)
