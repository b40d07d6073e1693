"""What q says of a mixture's weights, means and noise, number by number.

    pi_k   ~ Beta(a_k, A - a_k)
    mu_kd  ~ Normal where the noise is known, Student-t where it is learned
    1 / sigma_kd^2 ~ Gamma(shape, rate), so sigma_kd has the moments below; only where the noise is learned

    E sigma = sqrt(rate) G(shape - 1/2) / G(shape)        E sigma^2 = rate / (shape - 1)

Components have no names of their own. Where the data were simulated, each true component is matched with a fitted
one, the nearest pair of means first.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from genlab.interfaces.variational_family import LatentSummary
from genlab_mixture.components import Marginals
from genlab_mixture.factors import GlobalFactors
from genlab_mixture.quantiles import beta_quantiles, gamma_quantiles, normal_quantiles, student_t_quantiles


def describe(
    factors: GlobalFactors, interval: float, truth: Mapping[str, Any], columns: Sequence[str] = ()
) -> Sequence[LatentSummary]:
    """Return a summary of each weight, each mean and, where it is learned, each standard deviation of the noise.

    Args:
        factors: q of the weights and of the components' parameters.
        interval: the probability inside each credible interval.
        truth: may hold `weights` (K numbers), `means` (K numbers or K lists of D) and `noise_scale`.
        columns: the names of the D coordinates; without them they are numbered.
    """
    ends = factors.concentration.new_tensor([(1 - interval) / 2, (1 + interval) / 2])
    mean, marginals = factors.components.mean, factors.components.marginals()
    true = _matched(mean, truth)
    rows = [*_rows("weights", _weights(factors, ends), true.get("weights"))]
    rows += _rows("means", _means(mean, marginals, ends), true.get("means"), columns)
    if marginals.precision is not None:
        rows += _rows("noise_scales", _noise_scales(*marginals.precision, ends), true.get("noise_scales"), columns)
    return rows


def _weights(factors: GlobalFactors, ends: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    a, total = factors.concentration, factors.concentration.sum()
    mean = a / total
    std = (mean * (1 - mean) / (total + 1)).sqrt()
    if len(a) == 1:  # one component has all the weight
        return mean, std, torch.ones(1, 2).to(mean)
    return mean, std, beta_quantiles(a, total - a, ends)


def _means(mean: Tensor, marginals: Marginals, ends: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    scale, degrees = marginals.scale, marginals.degrees
    if degrees is None:
        return mean, scale, normal_quantiles(mean, scale, ends)
    # The variance of a Student-t is infinite for two degrees of freedom or fewer.
    std = torch.where(degrees > 2, scale * (degrees / (degrees - 2).clamp_min(1e-300)).sqrt(), torch.inf)
    return mean, std, student_t_quantiles(mean, scale, degrees, ends)


def _noise_scales(shape: Tensor, rate: Tensor, ends: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    mean = (0.5 * rate.log() + torch.lgamma(shape - 0.5) - torch.lgamma(shape)).exp()
    mean = torch.where(shape > 0.5, mean, torch.inf)
    var = rate / (shape - 1).clamp_min(1e-300) - mean.square()
    std = torch.where(shape > 1, var.clamp_min(0).sqrt(), torch.inf)
    return mean, std, gamma_quantiles(shape, rate, ends).rsqrt().flip(-1)


def _rows(
    name: str, found: tuple[Tensor, Tensor, Tensor], true: Tensor | None, columns: Sequence[str] = ()
) -> Iterator[LatentSummary]:
    mean, std, bounds = (value.detach().cpu() for value in found)
    single = mean.ndim == 2 and mean.shape[1] == 1
    for index in torch.cartesian_prod(*map(torch.arange, mean.shape)).reshape(mean.numel(), mean.ndim).tolist():
        place = tuple(index)
        shown: list[int | str] = index[:1] if single else index
        if columns and len(shown) == 2:
            shown = [index[0], columns[index[1]]]
        low, high = bounds[place].tolist()
        known = None if true is None else true[place].item()
        label = f"{name}[{', '.join(map(str, shown))}]"
        yield LatentSummary(label, mean[place].item(), std[place].item(), low, high, known)


def _matched(mean: Tensor, truth: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the truth in the order of the fitted components; empty unless it is of as many."""
    if "means" not in truth:
        return {}
    true_means = torch.as_tensor(truth["means"], dtype=torch.float64)
    true_means = true_means.unsqueeze(1) if true_means.ndim == 1 else true_means
    if true_means.shape != mean.shape:
        return {}
    order = _nearest_pairs(torch.cdist(mean.detach().cpu().double(), true_means))
    found = {"means": true_means[order]}
    if "weights" in truth:
        found["weights"] = torch.as_tensor(truth["weights"], dtype=torch.float64)[order]
    scale = torch.as_tensor(truth.get("noise_scale", torch.nan), dtype=torch.float64)
    if not bool(scale.isnan().any()) and scale.ndim == 0:
        found["noise_scales"] = scale.expand(mean.shape)
    return found


def _nearest_pairs(distances: Tensor) -> list[int]:
    """Return for each row its column, `(K, K)` distances, taking the nearest pair that is left each time."""
    left = distances.clone()
    order = [0] * len(left)
    for _ in range(len(left)):
        row, column = divmod(int(left.argmin()), len(left))
        order[row] = column
        left[row], left[:, column] = torch.inf, torch.inf
    return order
