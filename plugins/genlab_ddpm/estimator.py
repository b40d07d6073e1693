"""The denoising estimator: the bound step by step, each step's KL divergence in closed form.

    -ELBO = L_T + sum_{t=2..T} L_{t-1} + L_0
    L_T     = KL( q(x_T | x_0) || p(x_T) )                                      exact
    L_{t-1} = E_q(x_t | x_0) KL( q(x_{t-1} | x_t, x_0) || p(x_{t-1} | x_t) )    a draw of x_t, the KL exact
    L_0     = -E_q(x_1 | x_0) log p(x_0 | x_1)                                  a draw of x_1

Against the generic estimator the expectation over x_{t-1} is done exactly, and the sum over t is itself estimated.
With n timesteps, t = 1 is visited always and n - 1 are drawn from strata of 2..T; n = T visits every t once. With one
timestep, t is drawn from 1..T and spread evenly over the batch. What t is drawn from is the key `proposal`: most where
the bound is spent, or uniform, as L_simple is defined. All are unbiased. At n = T the variance is below the generic
estimator's, unless the network is nearly the optimal denoiser: then the log-ratio along a whole trajectory hardly
varies.

Training minimises by default, from the same pass through the network, L_simple, a reweighted bound (see `objectives`).

Reference: Ho, Jain & Abbeel 2020, eqs. 5 and 14.
"""

import math
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from typing import ClassVar, Literal

import torch
from torch import Tensor

from genlab.interfaces import Batch, ELBOEstimator, LatentModel, Misfit, Part, Plan, VariationalFamily
from genlab.interfaces.constraints import PositiveInt
from genlab.ledger import Ledger, Term
from genlab_ddpm.family import ForwardDiffusion
from genlab_ddpm.misfits import count_misfit, known, planned_training_misfit, refuse, training_misfit
from genlab_ddpm.model import DDPM
from genlab_ddpm.objective import Objective
from genlab_ddpm.objectives import Simple
from genlab_ddpm.terms import prior_kl, step_kl
from genlab_ddpm.visits import check_number, decoded, visits

Proposal = Literal["auto", "uniform", "bound"]
_WORDS = {"auto": "", "uniform": ", uniformly drawn", "bound": ", drawn where the bound is spent"}


class Denoising(ELBOEstimator):
    """Estimate the bound from exact KL divergences at random timesteps."""

    partners: ClassVar[Mapping[str, type]] = {"model": DDPM, "family": ForwardDiffusion}

    def __init__(
        self, *, timesteps: PositiveInt = 1, proposal: Proposal = "auto", objective: Part[Objective] = Part(Simple)
    ) -> None:
        """Make one from a recipe's keys.

        Args:
            timesteps: how many timesteps are visited for each observation, at most T.
            proposal: which of them are drawn most: those where the bound is spent (bound) or none (uniform); auto is
                uniform for one timestep where a squared error is minimised, and bound otherwise.
            objective: what training minimises.
        """
        self.timesteps = timesteps
        self.objective = objective()
        one_of_an_error = timesteps == 1 and self.objective.surrogate is not None
        self._uniform = proposal == "uniform" or (proposal == "auto" and one_of_an_error)
        visits = "1 timestep" if timesteps == 1 else f"{timesteps} timesteps, t = 1 among them,"
        self.protocol = f"denoising, {visits} an example{_WORDS[proposal]}"

    @classmethod
    def misfits(cls, own: Plan, others: Mapping[str, Plan]) -> Iterable[Misfit]:
        """Return more visits than there are timesteps, and what the objective would not train."""
        model = others["model"]
        visits = count_misfit(f"{own.key}.timesteps", own.keys["timesteps"], model.keys.get("timesteps"))
        return known(visits, planned_training_misfit(own, model))

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        """Estimate `L_T`, the sum of all `L_{t-1}`, and `L_0`, each with the sign it has in the bound.

        Beside the bound it measures the rate, what x_1..x_T tell of x, and the distortion, what is left to be told:
        L_T + sum L_{t-1} and L_0 (Ho et al. 2020, section 4.3).

        Raises:
            IncompatibleError: when more timesteps are to be visited than the model has, or in training, when the
                objective does not train what is to be learned.
        """
        assert isinstance(model, DDPM)
        check_number(self.timesteps, model)
        if model.training:
            _check_trained(model, self.objective)
        with model.chain.held():
            return self._estimate(model, batch, generator)

    def _estimate(self, model: DDPM, batch: Batch, generator: torch.Generator) -> Ledger:
        x_0 = model.values.to_x_0(batch.x)
        middle, first, error = x_0.new_zeros(len(x_0)), x_0.new_zeros(len(x_0)), x_0.new_zeros(len(x_0))
        for visit in visits(model, x_0, self.timesteps, uniform=self._uniform, generator=generator):
            eps = torch.randn(x_0.shape, generator=generator, dtype=x_0.dtype, device=x_0.device)
            x_t = model.chain.diffuse(x_0, eps, visit.t)
            prediction, share = model.ask(x_t, visit.t, batch.y, generator if model.training else None)
            squared = (prediction - model.target(x_0, eps, visit.t)).square().flatten(1).mean(1)
            error = error + visit.weight * self.objective.error_weight(model, visit.t) * squared
            with torch.no_grad() if self.objective.bound_reaches == "nothing" else nullcontext():
                mean_of = prediction if self.objective.bound_reaches == "everything" else prediction.detach()
                x_0_hat, log_var = model.x_0_hat(mean_of, x_t, visit.t), model.log_var(visit.t, x_t, share)
                if visit.highest > 1:
                    kl = step_kl(model, x_0, x_0_hat, log_var, visit.t)
                    middle = middle - visit.weight * _where(visit.t > 1, kl)
                if visit.most_first:
                    first = first + visit.weight * decoded(model, visit, x_0, x_0_hat, log_var)
        return self._ledger(-prior_kl(model, x_0), middle, first, error.mean() / model.timesteps, x_0[0].numel())

    def _ledger(self, last: Tensor, middle: Tensor, first: Tensor, error: Tensor, num_dims: int) -> Ledger:
        terms = (
            Term("L_T", last, "local", exact=True),
            Term("L_{t-1}", middle, "local", exact=False),
            Term("L_0", first, "local", exact=False),
        )
        measures = {"rate_nats": -(last + middle).detach(), "distortion_nats": -first.detach()}
        if self.objective.surrogate is None:
            return Ledger(terms, measures=measures)
        bits = -(middle + first).mean() / (num_dims * math.log(2)) if self.objective.bound_share else 0.0
        return Ledger(terms, self.objective.surrogate, error + self.objective.bound_share * bits, measures)


def _check_trained(model: DDPM, objective: Objective) -> None:
    """Raise where a part of the model that is to be learned has no say in the objective."""
    learns = any(value.requires_grad for value in model.chain.parameters())
    refuse(training_misfit(model.variance, objective, objective.surrogate or "bound", learned_schedule=learns))


def _where(condition: Tensor, value: Tensor) -> Tensor:
    return torch.where(condition, value, torch.zeros_like(value))
