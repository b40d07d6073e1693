"""The order in which an epoch visits the data: a permutation of 0..N-1 fixed by a seed.

A permutation of few observations is drawn and held. One of many would take 8 bytes an observation, and time to draw
before the first batch, so it is computed where it is read: position p is mapped by a bijection of the numbers of b
bits, b = bits(N - 1), again and again until the result is below N. On its way the number is two halves that change in
turn,

    r <- r xor F_1(l),   l <- l xor F_2(r),   r <- r xor F_3(l),   ...

each step undone by itself, whatever the F are: so no two positions meet, and an epoch visits every observation once.

Reference: Luby & Rackoff 1988 (permutations from random functions); Black & Rogaway 2002, section 4 (cycle walking).
"""

from collections.abc import Iterator

import torch
from torch import Tensor

MOST_HELD = 2**16
"""Permutations of more observations than this are computed, not held: half a MiB of indices."""

_SLAB = 2**16
"""How many positions are computed together at most, so that a call's cost is spread over many."""

_ROUNDS = 4
"""As many as make the permutation pass for a random one, the functions being random (Luby & Rackoff)."""


def visits(num_data: int, seed: int, batch_size: int, first_batch: int = 0) -> Iterator[Tensor]:
    """Yield an epoch's batches of indices; the last, smaller batch is left out.

    Args:
        num_data: N.
        seed: fixes the permutation.
        batch_size: B, at most N.
        first_batch: how many batches to pass over.

    Yields:
        Integer tensors `(B,)`, disjoint.
    """
    num_batches = num_data // batch_size
    if num_data <= MOST_HELD:
        order = torch.randperm(num_data, generator=torch.Generator().manual_seed(seed))
        for batch in range(first_batch, num_batches):
            yield order[batch * batch_size : (batch + 1) * batch_size]
        return
    computed = ComputedOrder(num_data, seed)
    most, together, start = max(1, _SLAB // batch_size), 1, first_batch
    while start < num_batches:
        stop = min(start + together, num_batches)
        yield from torch.split(computed.read(start * batch_size, stop * batch_size), batch_size)
        # Twice as many each time: the first batch does not wait for what a short run never reads.
        start, together = stop, min(2 * together, most)


class ComputedOrder:
    """A permutation of 0..N-1 in memory of the square root of N."""

    def __init__(self, num_data: int, seed: int) -> None:
        """Make one.

        Args:
            num_data: N, at least 2.
            seed: fixes the permutation.
        """
        self._num_data = num_data
        bits = max(2, (num_data - 1).bit_length())
        self._low_bits = bits // 2
        low, high = 2**self._low_bits, 2 ** (bits - self._low_bits)
        generator = torch.Generator().manual_seed(seed)
        # Each function is a table, of random numbers of one half at the numbers of the other.
        sizes = [(high, low) if number % 2 == 0 else (low, high) for number in range(_ROUNDS)]
        self._tables = [torch.randint(values, (arguments,), generator=generator) for arguments, values in sizes]

    def read(self, start: int, stop: int) -> Tensor:
        """Return what stands at positions start..stop-1, integers `(stop - start,)`."""
        indices = self._mapped(torch.arange(start, stop))
        outside = (indices >= self._num_data).nonzero().squeeze(1)
        while outside.numel():
            walked = self._mapped(indices.index_select(0, outside))
            indices.index_copy_(0, outside, walked)
            outside = outside.index_select(0, (walked >= self._num_data).nonzero().squeeze(1))
        return indices

    def _mapped(self, numbers: Tensor) -> Tensor:
        left, right = numbers >> self._low_bits, numbers & (2**self._low_bits - 1)
        for number, table in enumerate(self._tables):
            if number % 2 == 0:
                right ^= table.index_select(0, left)  # five times as fast as table[left]
            else:
                left ^= table.index_select(0, right)
        return left.bitwise_left_shift_(self._low_bits).bitwise_or_(right)
