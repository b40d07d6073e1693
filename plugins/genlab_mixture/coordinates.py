"""Coordinates in which a parameter may take any real value, so that a gradient step never leaves its domain."""

from typing import Protocol

import torch
from torch import Tensor

from genlab.errors import NonFiniteError


class Coordinate(Protocol):
    """A one-to-one map between a parameter's domain and all real numbers."""

    def free(self, value: Tensor) -> Tensor:
        """Return the free coordinates of a value."""

    def value(self, free: Tensor) -> Tensor:
        """Return the value that has these coordinates, differentiable."""


class Real:
    """A real number is its own coordinate."""

    def free(self, value: Tensor) -> Tensor:
        """Return the value."""
        return value

    def value(self, free: Tensor) -> Tensor:
        """Return a copy, which does not follow when the parameter moves in place."""
        return free.clone()


class Positive:
    """A positive number, by its logarithm."""

    def free(self, value: Tensor) -> Tensor:
        """Return log value."""
        return value.log()

    def value(self, free: Tensor) -> Tensor:
        """Return exp free."""
        return free.exp()


class PositiveDefinite:
    """A symmetric positive definite matrix, by its Cholesky factor with the logarithms on the diagonal."""

    def free(self, value: Tensor) -> Tensor:
        """Return the factor of `(..., D, D)`, lower triangular.

        Raises:
            NonFiniteError: where rounding has spoilt the matrix.
        """
        root: Tensor
        root, failed = torch.linalg.cholesky_ex(value)
        if bool(failed.any()):
            raise NonFiniteError(
                "the scatter of a component must be positive definite, got a matrix that rounding has spoilt. Give a "
                "mean_loc near the data, or bring the columns to one scale."
            )
        return root.tril(-1) + torch.diag_embed(root.diagonal(dim1=-2, dim2=-1).log())

    def value(self, free: Tensor) -> Tensor:
        """Return the matrix; what stands above the diagonal does not count."""
        root = free.tril(-1) + torch.diag_embed(free.diagonal(dim1=-2, dim2=-1).exp())
        return root @ root.mT
