"""Estimators with one fault each."""

from dataclasses import replace

import torch

from genlab.interfaces import Batch, LatentModel, VariationalFamily
from genlab.ledger import Ledger, Term
from genlab.parts.elbo.trace import Trace
from genlab.testing.reference.diffusion.estimator import StepByStep
from genlab.testing.reference.diffusion.model import Diffusion
from genlab.testing.reference.linear_gaussian.estimator import ClosedForm


def changed(ledger: Ledger, **values: object) -> Ledger:
    """Return a ledger with the values of some terms replaced by functions of them."""
    terms = tuple(
        replace(term, value=values[term.name](term.value)) if term.name in values else term  # type: ignore[operator]
        for term in ledger.terms
    )
    return Ledger(terms, ledger.surrogate, ledger.surrogate_objective)


class FlippedSign(ClosedForm):
    """Counts the entropy against the bound."""

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        ledger = super().estimate(model, family, batch, generator=generator)
        return changed(ledger, entropy=lambda value: -value)


class ForgottenTrace(ClosedForm):
    """Takes the likelihood at the mean of z, and forgets that z varies: the bound is above the evidence."""

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        ledger = super().estimate(model, family, batch, generator=generator)
        posterior = family.posterior(batch.x)
        at_mean = model.log_joint(batch.x, posterior.mean.unsqueeze(0))
        return changed(ledger, likelihood=lambda _: at_mean["likelihood"][0], prior=lambda _: at_mean["prior"][0])


class SurrogateAsBound(ClosedForm):
    """Weighs the divergence with a half and calls the sum a bound."""

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        ledger = super().estimate(model, family, batch, generator=generator)
        return changed(ledger, prior=lambda value: 0.5 * value, entropy=lambda value: 0.5 * value)


class ForgottenScale(Trace):
    """Reads the batch as if it were all the data: local terms are not scaled by N/B, global ones are B/N of theirs."""

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        ledger = super().estimate(model, family, batch, generator=generator)
        share = len(batch.x) / batch.num_data
        return changed(ledger, **{t.name: lambda value: value * share for t in ledger.terms if t.scope == "local"})


class WrongScope(ClosedForm):
    """Sums a local term over the batch and calls it global."""

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        likelihood, prior, entropy = super().estimate(model, family, batch, generator=generator).terms
        return Ledger((likelihood, Term("prior", prior.value.sum(), "global", exact=True), entropy))


class ExactButNoisy(ClosedForm):
    """Marks as exact a row that it adds noise of mean 0 to."""

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        ledger = super().estimate(model, family, batch, generator=generator)
        return changed(ledger, likelihood=lambda value: value + _noise(value, generator))


class Noisier(ClosedForm):
    """Adds more noise to a row than `trace` has in it."""

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        ledger = super().estimate(model, family, batch, generator=generator)
        noisy = changed(ledger, entropy=lambda value: value + 5 * _noise(value, generator))
        return Ledger(tuple(replace(term, exact=term.name != "entropy") for term in noisy.terms))


def _noise(value: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return torch.randn(value.shape, generator=generator, dtype=value.dtype)


class GlobalGenerator(ClosedForm):
    """Adds noise from torch's global generator."""

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        ledger = super().estimate(model, family, batch, generator=generator)
        return changed(ledger, likelihood=lambda value: value + 0.01 * torch.randn_like(value))


class InPlace(ClosedForm):
    """Adds noise to x where it lies."""

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        batch.x.add_(0.1)
        return super().estimate(model, family, batch, generator=generator)


class Detached(ClosedForm):
    """Lets no gradient through the likelihood."""

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        ledger = super().estimate(model, family, batch, generator=generator)
        return changed(ledger, likelihood=lambda value: value.detach())


class BatchMean(ClosedForm):
    """Gives every observation the mean of the batch."""

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        ledger = super().estimate(model, family, batch, generator=generator)
        return changed(ledger, likelihood=lambda value: value.mean().expand_as(value))


class NotANumber(ClosedForm):
    """Divides nothing by nothing."""

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        ledger = super().estimate(model, family, batch, generator=generator)
        return changed(ledger, entropy=lambda value: value * 0 / 0)


class DoubledObjective(ClosedForm):
    """Minimizes something that its name does not say."""

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        ledger = super().estimate(model, family, batch, generator=generator)
        return _Doubled(ledger.terms)


class _Doubled(Ledger):
    def objective(self, num_data: int) -> torch.Tensor:
        return 2 * super().objective(num_data)


class EarlierAlphaBar(StepByStep):
    """Draws x_t with the alpha_bar of the timestep before."""

    def estimate(
        self, model: LatentModel, family: VariationalFamily, batch: Batch, *, generator: torch.Generator
    ) -> Ledger:
        assert isinstance(model, Diffusion)
        right = super().estimate(model, family, batch, generator=generator)
        chain, x, total = model.chain, batch.x, batch.x.new_zeros(len(batch.x))
        for t in range(2, chain.timesteps + 1):
            noise = torch.randn(x.shape, generator=generator, dtype=x.dtype)
            x_t = chain.signal[t - 2] * x + chain.noise_var[t - 2].sqrt() * noise
            mean, var = model.reverse(x_t, t)
            q_mean = chain.x_0_weight[t - 1] * x + chain.x_t_weight[t - 1] * x_t
            ratio = chain.small_var[t - 1] / var
            total = total - 0.5 * ((q_mean - mean).square() / var + ratio - 1 - ratio.log()).flatten(1).sum(1)
        return changed(right, step_kl=lambda _: total)
