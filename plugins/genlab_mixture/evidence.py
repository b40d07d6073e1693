"""The evidence of a few observations, exactly: a sum over every way to assign them to components.

    p(x) = sum_z p(z) prod_k p(x_i : z_i = k)

p(z) is Dirichlet-multinomial. A component's observations alone are conjugate to its prior: their posterior is known,
there the bound has no gap, and so the bound of one component is their log-evidence. (The same expectations of the
same laws serve, whatever the kind of noise.)
"""

import torch
from torch import Tensor

from genlab.errors import UsageError
from genlab_mixture.components import Components
from genlab_mixture.factors import GlobalFactors

_MOST_ASSIGNMENTS = 2_000_000
_CHUNK_NUMBERS = 1_000_000


@torch.no_grad()
def log_evidence(x: Tensor, prior: GlobalFactors) -> Tensor:
    """Return log p(x) of all observations together, `()` in float64; the work grows as K^B.

    Args:
        x: `(B, D)`; values that are NaN do not count.
        prior: of the weights and the components.

    Raises:
        UsageError: for more than two million assignments.
    """
    num_data, num_components = len(x), len(prior.concentration)
    num_assignments = num_components**num_data
    if num_assignments > _MOST_ASSIGNMENTS:
        raise UsageError(
            f"log_evidence must sum over at most {_MOST_ASSIGNMENTS:,} assignments, got {num_components}^{num_data}. "
            "Give fewer observations."
        )
    step = max(1, _CHUNK_NUMBERS // (num_components * num_data * x.shape[1]))
    place = num_components ** torch.arange(num_data, device=x.device)
    joint = []
    for start in range(0, num_assignments, step):
        numbers = torch.arange(start, min(start + step, num_assignments), device=x.device).unsqueeze(1)
        assigned = torch.nn.functional.one_hot(numbers // place % num_components, num_components).double()
        joint.append(_log_joint(x.double(), assigned.mT, prior))
    return torch.logsumexp(torch.cat(joint), 0)


def _log_joint(x: Tensor, assigned: Tensor, prior: GlobalFactors) -> Tensor:
    """Return log p(x, z), `(A,)`, for assignments as zeros and ones, `(A, K, B)`."""
    alpha, counts = prior.concentration, assigned.sum(-1)
    log_weights = torch.lgamma(alpha.sum()) - torch.lgamma(alpha.sum() + len(x))
    log_weights = log_weights + (torch.lgamma(alpha + counts) - torch.lgamma(alpha)).sum(-1)
    natural = tuple(value.repeat(len(assigned), *[1] * (value.ndim - 1)) for value in prior.components.natural())
    groups = _log_marginals(x, assigned.flatten(0, 1), prior.components.with_natural(natural))
    return log_weights + groups.view(counts.shape).sum(-1)


def _log_marginals(x: Tensor, members: Tensor, prior: Components) -> Tensor:
    """Return the log-evidence of each group of observations, `(G,)`, for members `(G, B)` and as many priors."""
    observed = ~x.isnan()
    moments = zip(prior.natural(), prior.moments(x, members, observed), strict=True)
    posterior = prior.with_natural(tuple(before + added for before, added in moments))
    bound = (members * (posterior.offsets().unsqueeze(-1) + posterior.inner(x, observed))).sum(-1)
    for name, value in prior.expected_log_density(posterior).items():
        bound = bound + value - posterior.expected_log_density(posterior)[name]
    return bound
