"""Normal distributions with full covariance, S = L L', D dimensions.

With M = L_p^{-1} L_q, lower triangular, and w = L_p^{-1} (mean_q - mean_p),

    KL(q || p) = 1/2 [ |w|^2 + sum_{i > j} M_ij^2 + sum_i (M_ii^2 - 1 - log M_ii^2) ],

a sum of terms that are never negative. The geometric mixture, in coordinates where p is standard, has precision
a (M M')^{-1} + (1 - a) I = M'^{-1} C M^{-1} with C = a I + (1 - a) M'M, if C is positive definite.
"""

from typing import Any

import torch
from torch import Tensor
from torch.distributions import Independent, MultivariateNormal, Normal

from genlab.divergences.divergence import Divergence, closed_form
from genlab.divergences.excess import exp_excess
from genlab.divergences.geometric_mixture import geometric_mixture
from genlab.divergences.kl import KL
from genlab.divergences.renyi import Renyi
from genlab.divergences.wasserstein import SquaredWasserstein2, procrustes


@closed_form(KL, MultivariateNormal, MultivariateNormal)
def kl_multivariate_normal(kl: KL, q: MultivariateNormal, p: MultivariateNormal) -> Tensor:
    """Return the divergence from the Cholesky factors."""
    ratio, difference = _in_units_of(q, p)
    below = torch.tril(ratio, -1).square().sum((-2, -1))
    on = exp_excess(2 * (_log_diagonal(q) - _log_diagonal(p))).sum(-1)
    return 0.5 * (difference.square().sum(-1) + below + on)


@geometric_mixture(MultivariateNormal, MultivariateNormal)
def mix_multivariate_normal(
    q: MultivariateNormal, p: MultivariateNormal, weight: float
) -> tuple[MultivariateNormal, Tensor]:
    """Return the normal proportional to q^a p^(1 - a)."""
    ratio, difference = _in_units_of(q, p)
    identity = torch.eye(ratio.shape[-1], dtype=ratio.dtype, device=ratio.device)
    curvature = weight * identity + (1 - weight) * (ratio.mT @ ratio)
    # the factor's own verdict is not enough: it may be of one that is indefinite by no more than rounding
    exists = torch.linalg.cholesky_ex(curvature.detach()).info == 0
    upper = torch.linalg.cholesky(torch.where(exists[..., None, None], curvature, identity)).mT
    # S_m = F F' with F = M R^{-1}, C = R'R; the QR factor of F' is the transposed Cholesky factor of S_m
    root = torch.linalg.solve_triangular(upper, ratio, upper=True, left=False)
    triangle = torch.linalg.qr(root.mT).R.mT
    triangle = triangle * torch.where(triangle.diagonal(dim1=-2, dim2=-1) < 0, -1.0, 1.0).unsqueeze(-2)
    # mean = a S_m (M M')^{-1} w = a F R'^{-1} M^{-1} w
    inner = torch.linalg.solve_triangular(ratio, difference.unsqueeze(-1), upper=False)
    loc = weight * (root @ torch.linalg.solve_triangular(upper.mT, inner, upper=False))
    loc = p.loc + (p.scale_tril @ loc).squeeze(-1)
    return MultivariateNormal(loc, scale_tril=p.scale_tril @ triangle, validate_args=False), exists


@closed_form(SquaredWasserstein2, MultivariateNormal, MultivariateNormal)
def squared_wasserstein_2_multivariate_normal(
    wasserstein: SquaredWasserstein2, q: MultivariateNormal, p: MultivariateNormal
) -> Tensor:
    """Return the squared distance from the Cholesky factors."""
    q_root, p_root = torch.broadcast_tensors(q.scale_tril, p.scale_tril)
    return (q.loc - p.loc).square().sum(-1) + procrustes(q_root, p_root)


def _with_full_covariance(divergence: Divergence, q: object, p: object) -> Tensor:
    full = [_as_full(one) if isinstance(one, Independent) else one for one in (q, p)]
    if not all(isinstance(one, MultivariateNormal) for one in full):
        return NotImplemented
    return divergence(*full)  # type: ignore[arg-type]  # tested above


for _divergence in (KL, Renyi, SquaredWasserstein2):
    for _pair in ((Independent, MultivariateNormal), (MultivariateNormal, Independent)):
        closed_form(_divergence, *_pair)(_with_full_covariance)


def _as_full(distribution: Independent[Any]) -> MultivariateNormal | None:
    base = distribution.base_dist
    if not isinstance(base, Normal) or distribution.reinterpreted_batch_ndims != 1:
        return None
    return MultivariateNormal(base.loc, scale_tril=torch.diag_embed(base.scale), validate_args=False)


def _in_units_of(q: MultivariateNormal, p: MultivariateNormal) -> tuple[Tensor, Tensor]:
    """Return L_p^{-1} L_q `(*batch, D, D)` and L_p^{-1} (mean_q - mean_p) `(*batch, D)`."""
    p_root, q_root = p.scale_tril, q.scale_tril
    ratio = torch.linalg.solve_triangular(p_root, q_root, upper=False)
    difference = torch.linalg.solve_triangular(p_root, (q.loc - p.loc).unsqueeze(-1), upper=False)
    return ratio, difference.squeeze(-1)


def _log_diagonal(distribution: MultivariateNormal) -> Tensor:
    return distribution.scale_tril.diagonal(dim1=-2, dim2=-1).log()
