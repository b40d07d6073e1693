"""The chain of a schedule that training changes: its tables are computed from the schedule as it stands.

The network is told where x_t stands between data and noise, not its number: the log-SNR, on the scale of t,

    told(t) = 1 + (T - 1) (first - log_snr_t) / (first - last),   first and last those that training starts from

so that what it has learned stays true when the schedule moves.

Reference: Kingma et al. 2021 (variational diffusion models), appendix B.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from genlab_ddpm.chain import ForwardChain, tables
from genlab_ddpm.schedule import LearnedSchedule

_TABLES = frozenset(name for name, kind in ForwardChain.__annotations__.items() if kind is Tensor)


class LearnedChain(ForwardChain):
    """A chain whose variances are functions of parameters; gradients reach them through every table."""

    def __init__(self, schedule: LearnedSchedule, timesteps: int) -> None:
        """Make one.

        Args:
            schedule: what gives the variances.
            timesteps: T.
        """
        super().__init__()
        self.timesteps = timesteps
        self.schedule = schedule
        self._held: dict[str, Tensor] | None = None
        with torch.no_grad():
            self.register_buffer("ends_at_start", self.log_snr[[0, -1]])

    @contextmanager
    def held(self) -> Iterator[None]:
        """Compute the tables once for as long as the context lasts; a context within another uses the outer one's."""
        if self._held is not None:
            yield
            return
        self._held = self._tables()
        try:
            yield
        finally:
            self._held = None

    def told(self, t: Tensor) -> Tensor:
        """Return the place of timesteps between data and noise, `(B,)`, real numbers; differentiable."""
        first, last = self.get_buffer("ends_at_start")
        if self.timesteps == 1:
            return torch.ones_like(t, dtype=first.dtype)
        passed: Tensor = (first - self.log_snr_at(t)) / (first - last)
        return 1 + (self.timesteps - 1) * passed

    def __getattr__(self, name: str) -> Tensor | nn.Module:
        if name in _TABLES:
            return (self._held or self._tables())[name]
        return super().__getattr__(name)

    def _tables(self) -> dict[str, Tensor]:
        like = next(self.schedule.parameters())
        return {name: table.to(like.dtype) for name, table in tables(self.schedule.betas()).items()}
