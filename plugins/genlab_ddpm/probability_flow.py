"""The likelihood of the probability flow: an independent check on the chain's bound.

The network also defines a deterministic model of x_1, the flow from x_T ~ N(0, I) (see `heun`). With y = x / s and
sigma = n / s its density changes by the divergence of its slope,

    log p(x_1) = log N(x_T | 0, I) + D log(s_T / s_1) + int_{sigma_1}^{sigma_T} tr[ d eps_hat / d y ] dsigma

and tr[J] = E v' J v for random signs v, which one backward pass gives. Where noise hides the data the trace is near
D / sigma, so the integral is taken over log sigma, along which sigma tr[J] hardly changes. From x_1 to x_0 leads the
same decoder as the chain's, so that

    log P(x_0) >= E_q(x_1 | x_0) [ log p(x_0 | x_1) + log p(x_1) - log q(x_1 | x_0) ]

is a bound on the evidence of that model, in the same unit as the chain's: the chain's own p(x_1) is replaced by the
flow's. A model that is told classes is asked about each observation's own, as in the chain's bound. The solver's error,
which falls as the square of its steps, is the one thing that is no Monte Carlo error.

Reference: Song et al. 2021 (score-based models), eqs. 39 and 40; Grathwohl et al. 2019, eq. 7.
"""

import math
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor

from genlab.errors import IncompatibleError
from genlab.gaussian import normal_log_prob
from genlab.interfaces import Batch, ELBOEstimator, LatentModel, Misfit, Plan, VariationalFamily
from genlab.interfaces.constraints import PositiveInt
from genlab.ledger import Ledger, Term
from genlab_ddpm.family import ForwardDiffusion
from genlab_ddpm.grid import Spacing, grid
from genlab_ddpm.misfits import count_misfit, known, refuse
from genlab_ddpm.model import DDPM, Ask


class ProbabilityFlow(ELBOEstimator):
    """Estimate the bound of the flow instead of the chain; for evaluation only."""

    partners: ClassVar[Mapping[str, type]] = {"model": DDPM, "family": ForwardDiffusion}
    bound_name: str = "log_likelihood_flow"
    evaluation_only: ClassVar[bool] = True

    def __init__(self, *, steps: PositiveInt = 50, spacing: Spacing = "log-snr") -> None:
        """Make one from a recipe's keys.

        Args:
            steps: how many steps of Heun's method lead from t = 1 to T, fewer than T.
            spacing: along which scale the timesteps lie evenly: t (even), its root (quadratic), the log-snr, or
                its sigma^(1/7) (karras).
        """
        self._steps, self._spacing = steps, spacing
        self.protocol = f"probability flow, {steps} Heun steps, Hutchinson's trace"

    @classmethod
    def misfits(cls, own: Plan, others: Mapping[str, Plan]) -> Iterable[Misfit]:
        """Return as many steps as there are timesteps."""
        return known(count_misfit(f"{own.key}.steps", own.keys["steps"], others["model"].keys.get("timesteps"), less=1))

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        """Estimate `decoder`, `flow` and `dequantization`; without a graph behind them.

        Raises:
            IncompatibleError: in training, or when there are as many steps as timesteps.
        """
        assert isinstance(model, DDPM)
        if model.training:
            raise IncompatibleError("elbo 'probability-flow' is for evaluation. Name it in [eval], not in [elbo].")
        refuse(count_misfit("eval.elbo.steps", self._steps, model.timesteps, less=1))
        with model.chain.held():
            return self._estimate(model, batch, generator)

    def _estimate(self, model: DDPM, batch: Batch, generator: torch.Generator) -> Ledger:
        x_0, chain = model.values.to_x_0(batch.x), model.chain
        one = torch.ones(len(x_0), dtype=torch.long, device=x_0.device)
        eps = torch.randn(x_0.shape, generator=generator, dtype=x_0.dtype, device=x_0.device)
        x_1 = chain.diffuse(x_0, eps, one)
        ask = partial(model.ask, y=batch.y)
        with torch.no_grad():
            mean, log_var = model.reverse(x_1, one, ask)
            decoder = model.decoder_log_prob(x_0, mean, log_var)
        zero = x_0.new_zeros(())
        dequantization = -normal_log_prob(eps, zero, zero) + 0.5 * chain.log_noise_var[0]
        return Ledger(
            (
                Term("decoder", decoder, "local", exact=False),
                Term("flow", self._log_prob(model, x_1, ask, generator), "local", exact=False),
                Term("dequantization", dequantization.flatten(1).sum(1), "local", exact=False),
            )
        )

    def _log_prob(self, model: DDPM, x_1: Tensor, ask: Ask, generator: torch.Generator) -> Tensor:
        """Return the log density of the flow at x_1, `(B,)`."""
        chain, num_dims = model.chain, x_1[0].numel()
        timesteps = grid(chain.log_snr, self._steps + 1, self._spacing)[::-1]
        probe = torch.randint(0, 2, x_1.shape, generator=generator, device=x_1.device).to(x_1.dtype) * 2 - 1
        y, total = x_1 / chain.signal[0], x_1.new_zeros(len(x_1))
        slope, trace = _slope(model, y, timesteps[0], ask, probe)
        for t, following in pairwise(timesteps):
            change = _sigma(model, following) - _sigma(model, t)
            log_change = 0.5 * (chain.log_snr[t - 1] - chain.log_snr[following - 1])
            ahead, trace_ahead = _slope(model, y + change * slope, following, ask, probe)
            y, total = y + 0.5 * change * (slope + ahead), total + 0.5 * log_change * (trace + trace_ahead)
            slope, trace = _slope(model, y, following, ask, probe)
        last, zero = chain.signal[-1], y.new_zeros(())
        scale = num_dims * 0.5 * (math.log(chain.alpha_bar[-1].item()) - math.log(chain.alpha_bar[0].item()))
        return normal_log_prob(last * y, zero, zero).flatten(1).sum(1) + scale + total


def _sigma(model: DDPM, t: int) -> Tensor:
    return model.chain.noise[t - 1] / model.chain.signal[t - 1]


@torch.enable_grad()
def _slope(model: DDPM, y: Tensor, t: int, ask: Ask, probe: Tensor) -> tuple[Tensor, Tensor]:
    """Return dy / dsigma, `(B, *X)`, and an estimate of the trace of its derivative in y, times sigma, `(B,)`."""
    y = y.detach().requires_grad_()
    noise = y - model.denoise(model.chain.signal[t - 1] * y, t, ask)[0]
    (product,) = torch.autograd.grad(noise, y, probe)
    return noise.detach() / _sigma(model, t), (product * probe).flatten(1).sum(1)
