"""Positive definite kernels k(x, y), which are inner products of features that need never be written down."""

import abc
from dataclasses import dataclass

import torch
from torch import Tensor

from genlab.errors import UsageError


class Kernel(abc.ABC):
    """A positive definite function of two points."""

    @abc.abstractmethod
    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Return k at every pair, `(N, M)`, for `x` `(N, D)` and `y` `(M, D)`."""


@dataclass(frozen=True)
class Gaussian(Kernel):
    """The kernel `exp(-|x - y|^2 / (2 h^2))`.

    Attributes:
        bandwidth: h, in the unit of x; `median_distance` is a common choice.
    """

    bandwidth: float

    def __post_init__(self) -> None:
        _check_positive("bandwidth", self.bandwidth)

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the kernel at every pair."""
        return torch.exp(-squared_distances(x, y) / (2 * self.bandwidth**2))


@dataclass(frozen=True)
class Laplacian(Kernel):
    """The kernel `exp(-|x - y|_1 / h)`, with the sum of absolute differences.

    Attributes:
        bandwidth: h, in the unit of x.
    """

    bandwidth: float

    def __post_init__(self) -> None:
        _check_positive("bandwidth", self.bandwidth)

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the kernel at every pair."""
        return torch.exp(-torch.cdist(x, y, p=1.0) / self.bandwidth)


@dataclass(frozen=True)
class Polynomial(Kernel):
    """The kernel `(x'y / D + 1)^degree`, whose maximum mean discrepancy sees the moments up to `degree`.

    Attributes:
        degree: a positive integer; 3 for the kernel distance of features.
    """

    degree: int = 3

    def __post_init__(self) -> None:
        _check_positive("degree", self.degree)

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the kernel at every pair."""
        return (x @ y.mT / x.shape[-1] + 1) ** self.degree


@dataclass(frozen=True)
class Sum(Kernel):
    """A sum of kernels, such as Gaussian ones of several bandwidths.

    Attributes:
        parts: at least one kernel.
    """

    parts: tuple[Kernel, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise UsageError("parts must hold at least one kernel, got none (Sum).")

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the sum at every pair."""
        return torch.stack([kernel(x, y) for kernel in self.parts]).sum(0)


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """Return |x - y|^2 at every pair, `(N, M)`, about the mean of x, which keeps digits far from the origin."""
    center = x.detach().mean(0)
    x, y = x - center, y - center
    squares = x.square().sum(-1).unsqueeze(-1) + y.square().sum(-1) - 2 * (x @ y.mT)
    return squares.clamp(min=0)


def median_distance(x: Tensor, y: Tensor) -> float:
    """Return the median distance between different points of the two sets together, a common bandwidth."""
    both = torch.cat([x, y]).detach()
    return float(torch.pdist(both).median())


def _check_positive(name: str, value: float) -> None:
    if not value > 0:
        raise UsageError(f"{name} must be positive, got {value} (kernel).")
