"""Where factor analysis starts: at probabilistic principal components.

With lambda_1 >= ... >= lambda_D and u_j the eigenvalues and eigenvectors of the sample covariance C,

    sigma^2 = mean of lambda_{J+1}, ..., lambda_D        W = [u_j sqrt(lambda_j - sigma^2)]_j
    psi_d = C_dd - sum_j W_dj^2

Reference: Tipping & Bishop 1999 (probabilistic PCA), eqs. 7 and 8.
"""

from dataclasses import dataclass

import torch
from genlab.interfaces import Split
from torch import Tensor

_MOST_ROWS = 16_384


@dataclass(frozen=True)
class Start:
    """Parameters to start from, in float64 on the CPU.

    Attributes:
        loc: b, `(D,)`.
        loadings: W, `(D, J)`.
        noise_var: psi, `(D,)`; it may be 0.
    """

    loc: Tensor
    loadings: Tensor
    noise_var: Tensor


@torch.no_grad()
def principal_start(train: Split, num_factors: int) -> Start:
    """Return the principal components of the training data, of which at most 16,384 rows are read."""
    rows = _rows(train)
    loc = rows.mean(0)
    centered = rows - loc
    covariance = centered.T @ centered / len(rows)
    eigenvalues, eigenvectors = torch.linalg.eigh(covariance)
    leading, rest = eigenvalues[-num_factors:], eigenvalues[:-num_factors]
    loadings = eigenvectors[:, -num_factors:] * (leading - rest.mean()).clamp_min(0).sqrt()
    # eigh leaves columns behind one another in memory; optimizers and files want rows.
    return Start(loc, loadings.flip(1).contiguous(), covariance.diagonal() - loadings.square().sum(1))


def _rows(train: Split) -> Tensor:
    """Read rows spread evenly over the training data, `(R, D)`."""
    count = min(len(train), _MOST_ROWS)
    indices = torch.arange(count) * len(train) // count
    # The batches arrive on the data's device, and a generator must be of the same one.
    device = next(iter(train.batches([indices[:1]], torch.Generator()))).x.device
    observation = torch.Generator(device).manual_seed(0)
    return next(iter(train.batches([indices], observation))).x.flatten(1).double().cpu()
