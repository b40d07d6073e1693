"""The bound of infinitely many steps: between two timesteps the log-SNR is a straight line, and t is real.

    -ELBO = L_T + L_infinity + L_0
    L_infinity = -1/2 int_1^T (d SNR / dt) E || x_0 - x_0_hat(x_t, t) ||^2 dt,   d SNR / dt = SNR d log SNR / dt

It is what the sum of all L_{t-1} falls to as each step is cut into ever more of them, with any variance from btilde_t
to beta_t, which are then the same. The integral over each interval (t - 1, t) is a term, drawn as the denoising
estimator draws timesteps, at a uniform place in the interval. L_T and L_0 are those of the chain.

If the network is told the log-SNR (which it is where the schedule is learned), the bound depends on the two ends of the
schedule and not on what lies between.

Reference: Kingma et al. 2021 (variational diffusion models), eqs. 15 to 18.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import torch
from torch import Tensor

from genlab.interfaces import Batch, ELBOEstimator, LatentModel, Misfit, Plan, VariationalFamily
from genlab.interfaces.constraints import PositiveInt
from genlab.ledger import Ledger, Term
from genlab_ddpm.family import ForwardDiffusion
from genlab_ddpm.misfits import continuous_misfit, count_misfit, known, refuse
from genlab_ddpm.model import DDPM
from genlab_ddpm.terms import prior_kl
from genlab_ddpm.visits import check_number, decoded, visits


class ContinuousTime(ELBOEstimator):
    """Estimate the bound of a chain of infinitely many steps, with the same network."""

    partners: ClassVar[Mapping[str, type]] = {"model": DDPM, "family": ForwardDiffusion}
    bound_name: str = "elbo_continuous_time"

    def __init__(self, *, timesteps: PositiveInt = 1) -> None:
        """Make one from a recipe's keys.

        Args:
            timesteps: how many real timesteps are visited for each observation, at most T.
        """
        self._timesteps = timesteps
        visited = "1 real timestep" if timesteps == 1 else f"{timesteps} real timesteps, t = 1 among them,"
        self.protocol = f"continuous time, {visited} an example"

    @classmethod
    def misfits(cls, own: Plan, others: Mapping[str, Plan]) -> Iterable[Misfit]:
        """Return more visits than there are timesteps, and in training a variance that is to be learned."""
        model = others["model"].keys
        visits = count_misfit(f"{own.key}.timesteps", own.keys["timesteps"], model.get("timesteps"))
        return known(visits, continuous_misfit(model.get("variance")) if own.key == "elbo" else None)

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        """Estimate `L_T`, `L_infinity` and `L_0`, each with the sign it has in the bound.

        Raises:
            IncompatibleError: when more timesteps are to be visited than the model has, or in training, when the
                reverse variance is learned.
        """
        assert isinstance(model, DDPM)
        check_number(self._timesteps, model)
        refuse(continuous_misfit(model.variance) if model.training else None)
        with model.chain.held():
            return self._estimate(model, batch, generator)

    def _estimate(self, model: DDPM, batch: Batch, generator: torch.Generator) -> Ledger:
        x_0 = model.values.to_x_0(batch.x)
        middle, first = x_0.new_zeros(len(x_0)), x_0.new_zeros(len(x_0))
        for visit in visits(model, x_0, self._timesteps, generator=generator):
            eps = torch.randn(x_0.shape, generator=generator, dtype=x_0.dtype, device=x_0.device)
            back = torch.rand(len(x_0), generator=generator, dtype=x_0.dtype, device=x_0.device)
            t = torch.where(visit.t > 1, visit.t - back, 1.0)
            x_t = model.chain.diffuse(x_0, eps, t)
            prediction, share = model.ask(x_t, t, batch.y, generator if model.training else None)
            x_0_hat = model.x_0_hat(prediction, x_t, t)
            if visit.highest > 1:
                squared = (x_0 - x_0_hat).square().flatten(1).sum(1)
                loss = 0.5 * _fall(model, visit.t) * model.chain.log_snr_at(t).exp() * squared
                middle = middle - torch.where(visit.t > 1, visit.weight * loss, 0.0)
            if visit.most_first:
                log_var = model.log_var(visit.t, x_t, share)
                first = first + visit.weight * decoded(model, visit, x_0, x_0_hat, log_var)
        return Ledger(
            (
                Term("L_T", -prior_kl(model, x_0), "local", exact=True),
                Term("L_infinity", middle, "local", exact=False),
                Term("L_0", first, "local", exact=False),
            )
        )


def _fall(model: DDPM, t: Tensor) -> Tensor:
    """Return by how much the log-SNR falls in the interval that ends at timesteps `(B,)`; 0 at t = 1."""
    log_snr = model.chain.log_snr
    return log_snr[(t - 2).clamp(min=0)] - log_snr[t - 1]
