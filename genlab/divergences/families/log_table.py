"""The log probabilities of a distribution on finitely many points, exact at zero and at one.

Torch keeps what it was given, probabilities or logits, and derives the other with a clamp: the logits of a zero
probability are finite there, and the probability of a very negative logit is zero. So the table is made from whichever
was given.
"""

import torch
from torch import Tensor
from torch.distributions import Bernoulli, Categorical, OneHotCategorical
from torch.nn.functional import logsigmoid


def log_table(distribution: Bernoulli | Categorical | OneHotCategorical) -> Tensor:
    """Return the log probabilities of the points in order, `(*batch, K)`, -inf where a probability is 0."""
    if isinstance(distribution, OneHotCategorical):
        return log_table(distribution._categorical)
    given = distribution._param
    from_probs = given is distribution.__dict__.get("probs")
    if isinstance(distribution, Categorical):
        return safe_log(given) if from_probs else given
    if from_probs:
        return torch.stack([safe_log(1 - given), safe_log(given)], -1)
    return torch.stack([logsigmoid(-given), logsigmoid(given)], -1)


def safe_log(probs: Tensor) -> Tensor:
    """Return the log, -inf at 0 with a gradient of 0 there: what has no mass keeps none."""
    zero = probs == 0
    return torch.where(zero, -torch.inf, torch.log(torch.where(zero, 1.0, probs)))
