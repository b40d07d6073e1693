"""The VampPrior: the average of the posteriors of learned pseudo-inputs.

    p(z) = 1/K sum_k q(z given x = u_k)

The best prior for a given encoder is the aggregated posterior, the average of q(z given x) over the data; this is its
approximation by K observations that are learned together with everything else. Where x has levels 0..L-1, each number
of u is kept between 0 and L - 1 by a logistic function.

So the prior is made of the family. The family takes the model when it is built, not the other way round; it then
introduces itself (`take_family`), and becomes a part of the prior: the joint p(x, z) truly depends on the encoder's
parameters, a state dict of the model holds them, and the model alone can draw x.

Reference: Tomczak & Welling 2018, section 3.
"""

import math

import torch
from torch import Tensor, nn

from genlab.errors import IncompatibleError
from genlab.interfaces.constraints import PositiveInt
from genlab.interfaces.data_source import DataSpec
from genlab.interfaces.variational_family import VariationalFamily
from genlab_vae.prior import Prior


class Vamp(Prior):
    """A mixture of K posteriors with equal weights; only the pseudo-inputs are its own parameters."""

    def __init__(self, latent_dim: int, spec: DataSpec, /, *, components: PositiveInt = 50) -> None:
        """Make one from a recipe's keys.

        Args:
            components: K, how many pseudo-inputs there are.
        """
        super().__init__()
        self._top = None if spec.levels is None else spec.levels - 1
        self.free_inputs = nn.Parameter(torch.randn(components, *spec.event_shape))
        self.family: VariationalFamily | None = None

    def take_family(self, family: VariationalFamily) -> None:
        """Keep the family whose posteriors the prior is made of."""
        self.family = family

    def pseudo_inputs(self) -> Tensor:
        """Return u, `(K, *X)`, in the data's own values."""
        return self.free_inputs if self._top is None else self._top * torch.sigmoid(self.free_inputs)

    def log_prob(self, z: Tensor) -> Tensor:
        """Return the log of the average density, `(S, B)`."""
        num = len(self.free_inputs)
        # To the posterior of K pseudo-inputs, every z is a draw for each of them.
        spread = z.flatten(0, 1).unsqueeze(1).expand(-1, num, -1)
        factors = self._taken().posterior(self.pseudo_inputs()).log_prob(spread)
        log_densities = torch.stack(list(factors.values())).sum(0)
        return (torch.logsumexp(log_densities, 1) - math.log(num)).reshape(z.shape[:2])

    def sample(self, num_draws: int, *, generator: torch.Generator) -> Tensor:
        """Draw a pseudo-input for each z, then z from its posterior."""
        family, u = self._taken(), self.pseudo_inputs()
        chosen = torch.randint(len(u), (num_draws,), generator=generator, device=u.device)
        z: Tensor = family.posterior(u[chosen]).sample(1, generator=generator)
        return z[0]

    def _taken(self) -> VariationalFamily:
        if self.family is None:
            raise IncompatibleError(
                "prior 'vamp' must know the family whose posteriors it is made of, and knows none. Build a family on "
                "the model first; one that is not genlab's own calls model.prior.take_family(self) when it is built."
            )
        return self.family
