"""The Frechet distance of two sets of features (FID): the squared 2-Wasserstein distance of the normals fitted to them.

    |m_x - m_y|^2 + tr(S_x + S_y - 2 (S_x S_y)^{1/2}),   S = X'X / (N - 1), X the centered rows

With QR factors X = Q_x R_x the last trace is the nuclear norm of R_x R_y' over the roots of N - 1 and M - 1, so that no
covariance is formed and none need be invertible.
The estimate is too large by an amount that falls as 1 / N: compare sets of the same size only.

Reference: Heusel et al. 2017, "GANs trained by a two time-scale update rule", eq. 6.
"""

import torch
from torch import Tensor

from genlab.divergences.samples.squared_mmd import check_sets


def frechet_distance(x: Tensor, y: Tensor) -> Tensor:
    """Return the squared distance, `()`, in the squared unit of x; never negative.

    Args:
        x, y: `(N, D)` and `(M, D)`, at least two draws each; float64 for digits where the sets nearly agree.

    Raises:
        UsageError: the sets are not tables of equally many columns, or have fewer than two rows.
    """
    check_sets(x, y)
    x_root, y_root = _root(x), _root(y)
    spread = x_root.square().sum() + y_root.square().sum() - 2 * torch.linalg.svdvals(x_root @ y_root.mT).sum()
    between = (x.mean(0) - y.mean(0)).square().sum()
    # rounding may leave a little less than nothing of the spread
    return between + torch.where(spread < 0, spread - spread.detach(), spread)


def _root(x: Tensor) -> Tensor:
    """Return R `(min(N, D), D)` with R'R the covariance of the rows."""
    centered = (x - x.mean(0)) / (x.shape[0] - 1) ** 0.5
    # fewer rows than columns: they are a root themselves, and QR has no gradient
    return centered if x.shape[0] <= x.shape[1] else torch.linalg.qr(centered).R
