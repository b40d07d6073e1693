"""Nearest neighbors by Euclidean distance, with as much memory as some rows against all columns take."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from genlab.divergences.samples.kernel import squared_distances
from genlab.errors import UsageError

CHUNK_ELEMENTS = 2**24
"""How many distances are held at a time: 128 MiB in float64."""


def nearest(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the squared distance of each row of x to the nearest row of y, `(N,)`, and which it is, `(N,)`.

    Args:
        x, y: `(N, D)` and `(M, D)`.
    """
    indices = torch.cat([squares.argmin(1) for _, squares in rows_of_squared_distances(x, y)])
    # squares from inner products lose digits where points are near, and a copy must be at distance zero
    return torch.cat([(one - y[at]).square().sum(1) for one, at in _few_rows(x, indices)]), indices


def nearest_of(x: Tensor, parts: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """Return what `nearest` does for a y that comes in parts, one after the other.

    Args:
        x: `(N, D)`.
        parts: at least one, `(M, D)` each; rows are counted through all of them.
    """
    squares = torch.full((x.shape[0],), torch.inf, dtype=x.dtype, device=x.device)
    places = torch.zeros(x.shape[0], dtype=torch.long, device=x.device)
    before = 0
    for part in parts:
        in_part, at = nearest(x, part)
        places = torch.where(in_part < squares, at + before, places)
        squares = torch.minimum(squares, in_part)
        before += part.shape[0]
    return squares, places


def squared_radii(x: Tensor, num_neighbors: int) -> Tensor:
    """Return the squared distance of each row to its k-th nearest other row, `(N,)`.

    Args:
        x: `(N, D)`; a row that is there twice is its own neighbor, at distance zero.
        num_neighbors: k, from 1 to N - 1.

    Raises:
        UsageError: there are too few rows.
    """
    if not 1 <= num_neighbors < x.shape[0]:
        raise UsageError(
            f"num_neighbors must be from 1 to {x.shape[0] - 1}, one less than there are rows, got {num_neighbors}."
        )
    radii = []
    for rows, squares in rows_of_squared_distances(x, x):
        squares[torch.arange(len(rows), device=x.device), rows] = torch.inf
        radii.append(squares.kthvalue(num_neighbors, dim=1).values)
    return torch.cat(radii)


def rows_of_squared_distances(x: Tensor, y: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield |x - y|^2 for some rows of x against all of y: which rows, `(R,)`, and the squares, `(R, M)`."""
    for rows in torch.arange(x.shape[0], device=x.device).split(max(1, CHUNK_ELEMENTS // y.shape[0])):
        yield rows, squared_distances(x[rows], y)


def _few_rows(x: Tensor, indices: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    size = max(1, CHUNK_ELEMENTS // x.shape[1])
    return zip(x.split(size), indices.split(size), strict=True)
