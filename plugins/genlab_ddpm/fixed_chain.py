"""The chain of a schedule that nothing changes: its tables are computed once."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Self

import torch
from torch import Tensor

from genlab_ddpm.chain import ForwardChain, tables


class FixedChain(ForwardChain):
    """A chain of given variances.

    Tables are computed in float64 and cast once; in whatever precision the module is, they are the float64 values
    rounded once. They follow from the recipe, so they are not part of a checkpoint.

    >>> chain = FixedChain(torch.tensor([0.1, 0.5], dtype=torch.float64))
    >>> chain.alpha_bar
    tensor([0.9000, 0.4500])
    """

    def __init__(self, betas: Tensor) -> None:
        """Make one.

        Args:
            betas: beta_1..beta_T, `(T,)`, float64.
        """
        super().__init__()
        self.timesteps = len(betas)
        self._exact = tables(betas)
        for name, table in self._exact.items():
            self.register_buffer(name, table.to(torch.get_default_dtype()), persistent=False)

    def held(self) -> AbstractContextManager[None]:
        """Return a context that does nothing: the tables stay."""
        return nullcontext()

    def told(self, t: Tensor) -> Tensor:
        """Return the timesteps themselves."""
        return t

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # A change of precision takes the tables from float64 anew, so that `.double()` widens no rounded value.
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        for name, table in self._exact.items():
            moved = getattr(self, name)
            setattr(self, name, table.to(device=moved.device, dtype=moved.dtype))
        return self
