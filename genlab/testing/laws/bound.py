"""Laws of an estimator's mean: it is the bound, on a minibatch too, and never above the evidence.

What is compared is `trace`, which knows nothing but `log_joint` and `log_prob`, and the exact evidence of models that
offer it by a method `log_evidence(x)`: `(B,)` nats where observations share no latent variable, `()` for all of them
together where they do.
"""

import math
from dataclasses import replace

import torch
from torch import Tensor

from genlab.assembly import Assembly
from genlab.interfaces import Batch, ELBOEstimator
from genlab.parts.elbo.trace import Trace
from genlab.testing.check import check
from genlab.testing.claims import UNLIKELY, claim, claim_mean, needed
from genlab.testing.derivatives import direction, movable
from genlab.testing.estimates import Estimates, estimates_of
from genlab.testing.subject import Subject

_BATCH = 3
_TELLING_NATS = 0.4
"""A difference that the comparison with `trace` must be able to see, in nats per observation: half a lost log 2 pi."""

_RARE_NATS = 1e-3
"""What a row may be off by, where what makes it up is too rare to be drawn."""


@check("elbo")
def estimate_agrees_with_trace(subject: Subject) -> None:
    """The mean of the estimate is the mean of `trace`, for the whole bound and, without global terms, for each x.

    A difference is a constant that was dropped, a sign, a factor, or a surrogate that is reported as the bound. It
    speaks of estimators of the ELBO only: another bound has a `bound_name` of its own.
    """
    assembly, batch = _evaluated(subject)
    _needs_the_elbo(assembly)
    own = estimates_of(subject, assembly, batch, copies=64)
    trace = estimates_of(subject, assembly, batch, elbo=Trace(samples=256), first_seed=1000)
    if not own.shared and not trace.shared:
        sums = [torch.stack(list(one.local.values())).sum(0) for one in (own, trace)]
        _claim_same_mean(sums[0], sums[1], "the bound of each observation")
    _claim_same_mean(own.elbo(_BATCH), trace.elbo(_BATCH), f"the bound on {_BATCH} observations")
    resolution = UNLIKELY * float(torch.hypot(_se(own.elbo(_BATCH)), _se(trace.elbo(_BATCH)))) / _BATCH
    needed(
        resolution < _TELLING_NATS,
        f"the means agree, but the noise would hide a difference of {resolution:.2g} nats an observation",
    )


@check("elbo")
def rows_of_trace_keep_their_mean_and_lose_variance(subject: Subject) -> None:
    """A row that `trace` has under the same name has the same mean, and no more variance than with one draw.

    What is integrated out can no longer vary; only the sum of the rows may, where their noise had canceled. Where a
    probability is so small that no draw ever meets it, the comparison is off: choose a setting where nothing is rare.
    """
    assembly, batch = _evaluated(subject)
    _needs_the_elbo(assembly)
    own = estimates_of(subject, assembly, batch, num=30, copies=16)
    trace = estimates_of(subject, assembly, batch, elbo=Trace(samples=1), num=30, copies=16, first_seed=1000)
    names = [name for name in own.spread if name in trace.spread]
    needed(bool(names), f"it has no row that trace has: {', '.join(own.spread)} against {', '.join(trace.spread)}")
    needed(type(assembly.elbo) is not Trace, "it is trace itself")
    for name in names:
        _claim_same_mean(_of(own, name), _of(trace, name), f"the row {name!r}", slack=_RARE_NATS)
        _claim_no_larger_variance(own.spread[name], trace.spread[name], name)


@check("elbo")
def minibatches_are_unbiased(subject: Subject) -> None:
    """The mean of the estimates on all minibatches of a few data is the estimate on all of them, term by term.

    It fails where a term is scaled by N/B a second time, where a local sum is reported as a global term, and where the
    size of the batch is taken for that of the data.
    """
    assembly = subject.assembly()
    assembly.model.train(subject.modes[0])
    assembly.family.train(subject.modes[0])
    whole = subject.batch(assembly, 6, whole=True)
    full = estimates_of(subject, assembly, whole).totals(6)
    sums: dict[str, Tensor] = {}
    for part in range(3):
        indices = torch.tensor([part, 5 - part])
        y = None if whole.y is None else whole.y[indices]
        batch = Batch(whole.x[indices], 6, y)
        totals = estimates_of(subject, assembly, batch, first_seed=1000 * (part + 1)).totals(6)
        claim(totals.keys() == full.keys(), f"a minibatch must give the same terms, got {[*totals]} for {[*full]}")
        sums = {name: sums.get(name, torch.zeros_like(value)) + value / 3 for name, value in totals.items()}
    for name, values in sums.items():
        _claim_same_mean(values, full[name], f"the term {name!r} on minibatches of 2 out of 6")


@check("elbo")
def gradient_agrees_with_trace(subject: Subject) -> None:
    """The mean gradient of the bound is that of `trace`, along random directions in the parameters.

    It runs where training minimizes the negative bound itself.
    """
    needed(not subject.evaluates, "it evaluates only, and nobody asks for its gradient")
    assembly, batch = _evaluated(subject)
    _needs_the_elbo(assembly)
    parameters = movable(assembly.model, assembly.family)
    needed(bool(parameters), "there are no parameters that training moves")
    needed(type(assembly.elbo) is not Trace, "it is trace itself")
    generator = subject.generator(assembly)
    ledger = assembly.elbo.estimate(assembly.model, assembly.family, batch, generator=generator)
    needed(ledger.surrogate is None, f"training does not minimize the negative bound, but {ledger.surrogate!r}")
    bound = ledger.elbo(_BATCH)
    claim(bound.requires_grad, "the bound must be differentiable in the parameters, got one without a gradient")
    along = [direction(parameters, seed) for seed in range(2)]
    own = _slopes(subject, assembly, batch, along, num=24, copies=8)
    trace = _slopes(subject, assembly, batch, along, num=24, elbo=Trace(samples=32))
    _claim_same_mean(own, trace, "the slope of the bound along two random directions")


@check("elbo")
def bound_is_below_the_evidence(subject: Subject) -> None:
    """The mean of the estimate is at most log p(x), where the model knows it.

    It runs in settings whose model has a method `log_evidence`, such as the kit's reference models.
    """
    assembly, batch = _evaluated(subject)
    log_evidence = getattr(assembly.model, "log_evidence", None)
    needed(callable(log_evidence), "the model does not know its evidence: it has no method log_evidence")
    assert callable(log_evidence)
    with torch.no_grad():
        evidence = float(log_evidence(batch.x).double().sum())
    values = estimates_of(subject, assembly, batch, copies=16).elbo(_BATCH)
    mean, se = float(values.mean()), float(_se(values))
    claim(
        mean - evidence <= UNLIKELY * se + 1e-8 * (1 + abs(evidence)),
        f"the bound must be at most the log evidence, {evidence:.8g} nats for {_BATCH} observations, got {mean:.8g} "
        f"with a standard error of {se:.2g}",
    )


def _evaluated(subject: Subject) -> tuple[Assembly, Batch]:
    """Return the parts as they are evaluated, and a few observations that are all there are.

    Labels are left out: `trace` knows none, and an estimator that does bounds log p(x given y) instead.
    """
    assembly = subject.assembly()
    assembly.model.eval()
    assembly.family.eval()
    return assembly, replace(subject.batch(assembly, _BATCH, whole=True), y=None)


def _needs_the_elbo(assembly: Assembly) -> None:
    name = assembly.elbo.bound_name
    needed(name == "elbo", f"it estimates another bound, {name}")


def _of(estimates: Estimates, name: str) -> Tensor:
    return estimates.local[name] if name in estimates.local else estimates.shared[name]


def _se(values: Tensor) -> Tensor:
    return values.std(0) / math.sqrt(len(values))


def _claim_same_mean(values: Tensor, others: Tensor, what: str, slack: float = 0.0) -> None:
    claim_mean(values, others.mean(0), what, expected_se=_se(others), slack=slack)


def _claim_no_larger_variance(values: Tensor, others: Tensor, name: str) -> None:
    """Compare variances by the squares of the deviations, pooled over observations."""
    squares = [(one - one.mean((0, 1))).square().mean(2).flatten() for one in (values, others)]
    excess = float(squares[0].mean() - squares[1].mean())
    chance = math.sqrt(sum(float(one.var()) / len(one) for one in squares))
    claim(
        excess <= UNLIKELY * chance + 1e-12,
        f"the variance of the row {name!r} must be at most that of trace with one draw, "
        f"{float(squares[1].mean()):.4g}, got {float(squares[0].mean()):.4g}",
    )


def _slopes(
    subject: Subject,
    assembly: Assembly,
    batch: Batch,
    along: list[tuple[Tensor, ...]],
    *,
    num: int,
    copies: int = 1,
    elbo: ELBOEstimator | None = None,
) -> Tensor:
    """Return derivatives of estimates of the bound, each along every direction, `(num, directions)`."""
    parameters = movable(assembly.model, assembly.family)
    tiled = replace(batch, x=batch.x.repeat(copies, *[1] * (batch.x.ndim - 1)))
    estimator = elbo if elbo is not None else assembly.elbo
    rows = []
    for seed in range(num):
        generator = subject.generator(assembly, seed)
        bound = estimator.estimate(assembly.model, assembly.family, tiled, generator=generator).elbo(_BATCH)
        gradients = torch.autograd.grad(bound, parameters, allow_unused=True)
        rows.append(torch.stack([_dot(gradients, one) for one in along]))
    return torch.stack(rows)


def _dot(gradients: tuple[Tensor | None, ...], along: tuple[Tensor, ...]) -> Tensor:
    products = [(gradient * one).sum() for gradient, one in zip(gradients, along, strict=True) if gradient is not None]
    return torch.stack(products).sum()
