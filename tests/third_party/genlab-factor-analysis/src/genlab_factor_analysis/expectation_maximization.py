"""Expectation maximization, from the data's mean and covariance C alone.

With q(z given x) = N(A (x - b), V), A = M^-1 W' Psi^-1, the parameters that maximise the bound are

    b = mean                W = T (V + A T)^-1,   T = C A'                psi = diag(C) - rowsum(W * T)

First b, whose best value no other parameter changes; then q; then W and psi together. Each is an exact maximiser, so
no step lowers the bound, whatever V the family allows: with the exact posterior's the bound is the log evidence. A psi
that would fall below the smallest allowed is set to that one, which is the maximiser among those allowed.

The data are read in the first step; a step then costs D^2 J whatever their number, and the memory is that of C.

Reference: Rubin & Thayer 1982, eqs. 6 and 7; Bishop 2006, eqs. 12.69 and 12.70.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from genlab.interfaces import Accelerator, TrainingData, UpdateRule
from genlab.interfaces.constraints import NonNegativeFloat
from genlab.ledger import Ledger, Term
from torch import Tensor

from genlab_factor_analysis.family import LinearGaussianFamily
from genlab_factor_analysis.model import FactorAnalysis
from genlab_factor_analysis.moments import Moments, gather


class ExpectationMaximization(UpdateRule):
    """Maximise the bound over b, then q, then W and psi, and stop when that no longer helps."""

    shares_work: ClassVar[bool] = True

    def __init__(
        self,
        model: FactorAnalysis,
        family: LinearGaussianFamily,
        accelerator: Accelerator,
        /,
        *,
        tolerance: NonNegativeFloat = 1e-6,
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            tolerance: stop when a step raised the bound by less than this many nats per observation; 0 never stops.
        """
        self._model, self._family, self._accelerator, self._tolerance = model, family, accelerator, tolerance
        self._bound = torch.full((), -torch.inf, dtype=torch.float64)
        self._read: tuple[TrainingData, Moments] | None = None

    @torch.no_grad()
    def step(self, data: TrainingData, *, generator: torch.Generator) -> Ledger:
        """Take one step.

        Returns:
            The bound on all N observations, exact, at the W and psi the step found; a local term is one value, its
            mean over the N.
        """
        moments = self._moments(data)
        loadings, noise_var = self._model.loadings.double(), self._model.noise_var().double()
        expected = _expect(moments, loadings, noise_var, self._family, self._model.posterior_precision())
        ledger = expected.ledger()
        self._model.set_parameters(moments.mean, *expected.best())
        self._decide(ledger.per_example()[0])
        return ledger

    def _moments(self, data: TrainingData) -> Moments:
        """Return the moments of `data`, read where they are not those of the last step."""
        if self._read is None or self._read[0] is not data:
            self._read = data, gather((batch.x for batch in data.sweep()), self._accelerator)
        return self._read[1]

    def _decide(self, bound: Tensor) -> None:
        """Stop where the step before this one gained too little; a check waits for the device."""
        previous, self._bound = self._bound, bound
        if self._tolerance > 0 and (bound - previous.to(bound.device)).item() < self._tolerance:
            self.stop_reason = f"a step raised the bound by less than {self._tolerance:g} nats per observation"

    def state_dict(self) -> dict[str, Any]:
        """Return the bound of the last step; the data are read again."""
        return {"bound": self._bound}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up where `state_dict` left off."""
        self._bound = state["bound"].clone()


@dataclass(frozen=True)
class _Expectation:
    """Means over the data under q, in float64.

    Attributes:
        loadings, noise_var: W `(D, J)` and psi `(D,)`, which q belongs to.
        x_var: diag(C), `(D,)`.
        x_z: T = E[(x - b) z'], `(D, J)`.
        z_z: E[z z'], `(J, J)`.
        covariance: V, `(J, J)`.
        log_det: log det V, `()`.
    """

    loadings: Tensor
    noise_var: Tensor
    x_var: Tensor
    x_z: Tensor
    z_z: Tensor
    covariance: Tensor
    log_det: Tensor

    def best(self) -> tuple[Tensor, Tensor]:
        """Return the W and psi that maximise the bound given q."""
        loadings = torch.linalg.solve(self.z_z, self.x_z, left=False)
        return loadings, self.x_var - (loadings * self.x_z).sum(1)

    def ledger(self) -> Ledger:
        """Return the bound at the W and psi that q belongs to."""
        explained = (self.loadings * (2 * self.x_z - self.loadings @ self.z_z)).sum(1)
        squares = ((self.x_var - explained) / self.noise_var).sum()
        constant = self.noise_var.log().sum() + len(self.x_var) * math.log(2 * math.pi)
        kl = 0.5 * (self.z_z.diagonal().sum() - len(self.z_z) - self.log_det)
        return Ledger(
            (
                Term("likelihood", -0.5 * (squares + constant).reshape(1), "local", exact=True),
                Term("kl", -kl.reshape(1), "local", exact=True),
            )
        )


def _expect(
    moments: Moments, loadings: Tensor, noise_var: Tensor, family: LinearGaussianFamily, precision: Tensor
) -> _Expectation:
    """Return the means over the data under the best q."""
    scale_tril = family.scale_tril(precision)
    covariance = scale_tril @ scale_tril.T
    regression = torch.linalg.solve(precision, (loadings / noise_var.unsqueeze(1)).T)
    x_z = moments.covariance @ regression.T
    return _Expectation(
        loadings=loadings,
        noise_var=noise_var,
        x_var=moments.covariance.diagonal(),
        x_z=x_z,
        z_z=covariance + regression @ x_z,
        covariance=covariance,
        log_det=2 * scale_tril.diagonal().log().sum(),
    )
