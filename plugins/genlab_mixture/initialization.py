"""Where q starts.

Each component starts as if it had an equal share of the data, spread around a mean as the noise is expected to be.
Where the means start is drawn from the data.

k-means++ draws the first mean from the data, and each next one from the data with probability proportional to the
squared distance to the nearest mean so far; of a few candidates the one that leaves the smallest sum is taken.
Quantiles are the observations at even ranks along the direction in which the data spread most.

Reference: Arthur & Vassilvitskii 2007 (k-means++).
"""

import math
from typing import Literal

import torch
from torch import Tensor

from genlab.interfaces.data_source import Split
from genlab_mixture.factors import GlobalFactors
from genlab_mixture.model import GaussianMixture

_MOST_ROWS = 16_384


@torch.no_grad()
def initial_factors(train: Split, model: GaussianMixture, init: Literal["k-means++", "quantiles"]) -> GlobalFactors:
    """Return the factors to start from.

    Args:
        train: the training data, of which at most 16,384 random rows are read.
        model: gives the prior, and the noise scale in whose units distances are measured.
        init: how to choose the means.
    """
    prior, means = model.prior(), initial_means(train, model, init)
    share = len(train) / model.num_components
    # Two observations on either side of a mean in each coordinate have the covariance of the noise.
    steps = torch.diag(math.sqrt(model.num_dims) * model.noise_scale.double())
    x = (means.unsqueeze(1) + torch.cat([steps, -steps])).flatten(0, 1)
    phi = torch.eye(model.num_components, dtype=x.dtype).repeat_interleave(2 * model.num_dims, 1)
    phi = phi * (share / (2 * model.num_dims))
    started = prior.updated((phi.sum(1), *prior.components.moments(x, phi, None)))
    return GlobalFactors(started.concentration, started.components.with_mean(means))


@torch.no_grad()
def initial_means(train: Split, model: GaussianMixture, init: Literal["k-means++", "quantiles"]) -> Tensor:
    """Return the means to start from, `(K, D)` in float64.

    Args:
        train: the training data, of which at most 16,384 random rows are read.
        model: gives K, and the noise scale in whose units distances are measured.
        init: how to choose them.
    """
    rows = _filled(_rows(train), model)
    scaled = (rows - rows.mean(0)) / model.noise_scale.to(rows)
    choose = _spread_out if init == "k-means++" else _even_ranks
    return rows[choose(scaled, model.num_components)]


def _rows(train: Split) -> Tensor:
    """Read the training data, or some of them; drawn from the global generator, which assembly seeds."""
    num_data = len(train)
    indices = torch.arange(num_data) if num_data <= _MOST_ROWS else torch.randint(num_data, (_MOST_ROWS,))
    observation = torch.Generator().manual_seed(0)
    # On the CPU, whose global generator is the one that is seeded, and where a few rows are quick to go through.
    return next(iter(train.batches([indices], observation))).x.double().cpu()


def _filled(rows: Tensor, model: GaussianMixture) -> Tensor:
    """Put the column's mean, or m0 in a column of none, where a value is missing: a start needs whole observations."""
    expected = model.prior().components.origin.to(rows)
    averages = rows.nanmean(0)
    return torch.where(rows.isnan(), torch.where(averages.isnan(), expected, averages), rows)


def _spread_out(rows: Tensor, count: int) -> Tensor:
    """Return the k-means++ choice of `count` rows, as indices."""
    num_candidates = 2 + int(math.log(count))
    chosen = [torch.randint(len(rows), (), device=rows.device)]
    nearest = _sq_distances(rows, rows[chosen[0]].unsqueeze(0)).squeeze(0)
    for _ in range(count - 1):
        # Where every row already holds a mean, any row is as good.
        odds = nearest if bool(nearest.sum() > 0) else torch.ones_like(nearest)
        candidates = torch.multinomial(odds, num_candidates, replacement=True)
        left = torch.minimum(nearest, _sq_distances(rows, rows[candidates]))
        best = left.sum(1).argmin()
        nearest = left[best]
        chosen.append(candidates[best])
    return torch.stack(chosen)


def _sq_distances(rows: Tensor, centers: Tensor) -> Tensor:
    """Return the squared distances, `(C, R)`, a center at a time so that memory stays small."""
    return torch.stack([(rows - center).square().sum(-1) for center in centers])


def _even_ranks(rows: Tensor, count: int) -> Tensor:
    """Return the rows at ranks (k + 1/2) / count along the leading principal direction, as indices."""
    direction = torch.linalg.eigh(rows.T @ rows).eigenvectors[:, -1]
    direction = direction * direction[direction.abs().argmax()].sign()
    order = (rows @ direction).argsort(stable=True)
    ranks = (torch.arange(count, device=rows.device) + 0.5) / count * len(rows)
    chosen: Tensor = order[ranks.long().clamp_max(len(rows) - 1)]
    return chosen
