"""The generic estimator: the bound as the mean, over draws from q, of what `log_joint` and `log_prob` say.

    ELBO ~ 1/S sum_s [ log p(x, z_s) - log q(z_s | x) ],   z_s ~ q(z | x)

It is valid for every model and family, and the reference each specialised estimator is tested against. Where q
is not reparameterisable its gradient is the score-function one: each term is multiplied by a factor of value 1,
exp(log q(z) - stop_gradient(log q(z))), taken over the factors of q that the term can depend on.

Reference: Ranganath, Gerrish & Blei 2014 (black box variational inference), eq. 2; the factor of value 1 is
Foerster et al. 2018 (DiCE), eq. 5.
"""

import torch
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.interfaces.constraints import PositiveInt
from genlab.interfaces.data_source import Batch
from genlab.interfaces.elbo_estimator import ELBOEstimator
from genlab.interfaces.latent_model import LatentModel
from genlab.interfaces.variational_family import VariationalFamily
from genlab.ledger import Ledger, Term


class Trace(ELBOEstimator):
    """Estimate the bound from draws alone."""

    def __init__(self, *, samples: PositiveInt = 1) -> None:
        """Make one from a recipe's keys.

        Args:
            samples: S, how many z are drawn for each observation.
        """
        self.samples = samples
        self.protocol = f"trace, {samples} draw{'s' if samples > 1 else ''} of z"

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        """Estimate every factor of log p and of -log q as a term of its own name.

        Raises:
            IncompatibleError: when the model and the posterior give a factor the same name.
        """
        posterior = family.posterior(batch.x)
        draw = posterior.rsample if posterior.reparameterized else posterior.sample
        z = draw(self.samples, generator=generator)
        log_p, log_q = model.log_joint(batch.x, z), posterior.log_prob(z)
        shared = sorted(log_p.keys() & log_q.keys())
        if shared:
            raise IncompatibleError(
                f"the factors of model and posterior must have names of their own, got {shared} in both. Rename those "
                "of the posterior, e.g. to end in _entropy."
            )
        factors = log_p | {name: -value for name, value in log_q.items()}
        if not posterior.reparameterized:
            local_factor, global_factor = _score_factors(log_q)
            factors = {
                name: value * (local_factor if value.ndim == 2 else global_factor) for name, value in factors.items()
            }
        return Ledger(tuple(_term(name, value) for name, value in factors.items()))


def _term(name: str, value: Tensor) -> Term:
    return Term(name, value.mean(0), "local" if value.ndim == 2 else "global", exact=False)


def _score_factors(log_q: dict[str, Tensor]) -> tuple[Tensor | float, Tensor | float]:
    """Return the factors of value 1 for local terms `(S, B)` and for global ones `(S,)`."""
    shared = sum((value for value in log_q.values() if value.ndim == 1), start=torch.zeros(()))
    own = sum((value for value in log_q.values() if value.ndim == 2), start=torch.zeros(()))
    everything = own + (shared.unsqueeze(-1) if shared.ndim else shared)
    return torch.exp(everything - everything.detach()), torch.exp(shared - shared.detach())
