"""The squared maximum mean discrepancy, |E f(x) - E f(y)|^2 with f the features of a kernel.

It is E k(x, x') + E k(y, y') - 2 E k(x, y), zero iff the distributions agree if the kernel is characteristic, as the
Gaussian and Laplacian ones are. Without pairs of a point with itself the estimate is unbiased, and may be negative;
with them it is never negative, and too large by about (E k(x, x) - E k(x, x')) / N for each set.

Reference: Gretton et al. 2012, "A kernel two-sample test", eqs. 3 (unbiased) and 5 (biased, squared).
"""

from torch import Tensor

from genlab.divergences.samples.kernel import Kernel
from genlab.errors import UsageError


def squared_mmd(x: Tensor, y: Tensor, kernel: Kernel) -> Tensor:
    """Return the unbiased estimate, `()`; negative now and then where the distributions agree.

    Args:
        x, y: `(N, D)` and `(M, D)`, at least two draws each.
        kernel: k.

    Raises:
        UsageError: the sets are not tables of equally many columns, or have fewer than two rows.
    """
    check_sets(x, y)
    count_x, count_y = x.shape[0], y.shape[0]
    within_x, within_y = kernel(x, x), kernel(y, y)
    mean_x = (within_x.sum() - within_x.diagonal().sum()) / (count_x * (count_x - 1))
    mean_y = (within_y.sum() - within_y.diagonal().sum()) / (count_y * (count_y - 1))
    return mean_x + mean_y - 2 * kernel(x, y).mean()


def squared_mmd_biased(x: Tensor, y: Tensor, kernel: Kernel) -> Tensor:
    """Return the squared discrepancy of the two empirical distributions, `()`; zero iff their features agree.

    Args:
        x, y: `(N, D)` and `(M, D)`, at least two draws each.
        kernel: k.

    Raises:
        UsageError: the sets are not tables of equally many columns, or have fewer than two rows.
    """
    check_sets(x, y)
    return kernel(x, x).mean() + kernel(y, y).mean() - 2 * kernel(x, y).mean()


def check_sets(x: Tensor, y: Tensor) -> None:
    """Raise unless both are tables of at least two rows, with equally many columns."""
    if x.dim() != 2 or y.dim() != 2 or x.shape[1] != y.shape[1] or min(x.shape[0], y.shape[0]) < 2:
        raise UsageError(
            "x and y must be tables of at least two rows and equally many columns, "
            f"got {tuple(x.shape)} and {tuple(y.shape)}. Flatten events to rows first."
        )
