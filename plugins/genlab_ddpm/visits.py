"""The passes through the network that an estimate of the bound makes, each at one timestep for every observation.

With n passes, t = 1 is visited always and n - 1 timesteps are drawn from strata of 2..T; n = T visits every t once.
With one pass, t is drawn from 1..T and spread evenly over the batch. The probabilities to draw them with follow the
bound, or are equal.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab_ddpm.misfits import count_misfit, refuse
from genlab_ddpm.model import DDPM
from genlab_ddpm.timesteps import most_visits, spread_over_batch, stratified, where_the_bound_is


@dataclass(frozen=True)
class Visit:
    """One pass through the network.

    Attributes:
        t: `(B,)`, timesteps up to `highest`.
        weight: `(B,)`, how many terms of the sum over t the visit stands for.
        highest: the largest that t can be, known without looking.
        most_first: how many entries of t can be 1, known without looking.
    """

    t: Tensor
    weight: Tensor
    highest: int
    most_first: int


def check_number(num: int, model: DDPM) -> None:
    """Raise unless a model has as many timesteps as are to be visited.

    Raises:
        IncompatibleError: naming the key to lower.
    """
    refuse(count_misfit("elbo.timesteps", num, model.timesteps))


def visits(model: DDPM, x_0: Tensor, num: int, *, uniform: bool = False, generator: torch.Generator) -> Iterator[Visit]:
    """Yield the passes of one estimate.

    Args:
        model: whose chain says where the bound is spent.
        x_0: `(B, *X)`, for the number of observations, the precision and the device.
        num: n, at most T.
        uniform: whether timesteps are drawn with equal probabilities, not most where the bound is spent.
        generator: the only source of randomness.
    """
    last, batch_size, one = model.timesteps, len(x_0), x_0.new_ones(len(x_0))
    shares = where_the_bound_is(model.chain.log_noise_var.detach())
    if uniform:
        shares = torch.full_like(shares, 1 / last)
    if num == 1:
        # In evaluation every example has noise of its own: only then do their spreads add up to the bound's.
        if model.training:
            index, weight = spread_over_batch(shares, batch_size, generator=generator)
        else:
            index, weight = (drawn[0] for drawn in stratified(shares, 1, batch_size, generator=generator))
        most_first = most_visits(last, batch_size) if uniform and model.training else batch_size
        yield Visit(index + 1, weight.to(x_0.dtype), last, most_first)
        return
    yield Visit(one.long(), one, 1, batch_size)
    if num == last:
        for t in range(2, last + 1):
            yield Visit(one.long() * t, one, t, 0)
        return
    later = shares[1:] / shares[1:].sum()
    indices, weights = stratified(later, num - 1, batch_size, generator=generator)
    for index, weight in zip(indices, weights.to(x_0.dtype), strict=True):
        yield Visit(index + 2, weight, last, 0)


def decoded(model: DDPM, visit: Visit, x_0: Tensor, x_0_hat: Tensor, log_var: Tensor) -> Tensor:
    """Return log p(x_0 | x_1) where t is 1, zero elsewhere, `(B,)`; of no more examples than that can be.

    Args:
        model: the reverse chain.
        visit: the pass.
        x_0, x_0_hat: `(B, *X)`, the clean x and its prediction from x_t.
        log_var: `(B, ...)`, of p(x_{t-1} | x_t), broadcastable.
    """
    rows = visit.t.topk(visit.most_first, largest=False).indices
    masses = model.decoder_log_prob(x_0[rows], x_0_hat[rows], log_var[rows])
    masses = torch.where(visit.t[rows] == 1, masses, torch.zeros_like(masses))
    return masses.new_zeros(len(x_0)).index_copy(0, rows, masses)
