"""Laws of an estimator of the bound: finite named terms that sum to it, from its generator alone."""

import torch
from torch import Tensor

from genlab.assembly import Assembly
from genlab.interfaces import Batch
from genlab.ledger import Ledger
from genlab.testing.check import check
from genlab.testing.claims import claim, claim_close, claim_equal, claim_finite, claim_tensor, needed
from genlab.testing.derivatives import claim_gradient, movable
from genlab.testing.examples import batch_sizes, examples, seeds
from genlab.testing.randomness import global_generators_untouched, scramble_global_generators
from genlab.testing.subject import Subject

_NO_GRADIENT = "it evaluates only, and nobody asks for its gradient"


@check("elbo")
def terms_are_finite_numbers_of_their_scope(subject: Subject) -> None:
    """A local term is `(B,)`, a global one `()`, finite, in the precision and on the device of x.

    A wrong precision is often a constant made without `dtype=x.dtype`, which mixes float32 into float64.
    """
    _claim_terms(subject, torch.float64)
    _claim_terms(subject, torch.float32)


def _claim_terms(subject: Subject, dtype: torch.dtype) -> None:
    assembly = subject.assembly(dtype=dtype)

    @examples(size=batch_sizes, seed=seeds)
    def holds(size: int, seed: int) -> None:
        batch = subject.batch(assembly, size, seed=seed, dtype=dtype)
        for term in _estimate(subject, assembly, batch, seed).terms:
            shape = (size,) if term.scope == "local" else ()
            claim_tensor(term.value, f"the {term.scope} term {term.name!r}", like=batch.x, shape=shape)
            claim_finite(term.value, f"the term {term.name!r}")

    holds()


@check("elbo")
def terms_sum_to_the_elbo(subject: Subject) -> None:
    """The bound is N/B times the sum of the local terms plus the global ones, and the objective its negative.

    Where training minimizes something else, the ledger names it as a surrogate.
    """
    assembly = subject.assembly()
    batch = subject.batch(assembly, 3)
    ledger = _estimate(subject, assembly, batch)
    total = torch.zeros((), dtype=torch.float64)
    for term in ledger.terms:
        total = total + term.value.detach().cpu().sum() * (batch.num_data / 3 if term.scope == "local" else 1)
    elbo = ledger.elbo(batch.num_data).detach().cpu()
    claim_close(elbo, total, "the bound of the ledger", rtol=1e-10)
    objective = ledger.objective(batch.num_data)
    claim(objective.shape == (), f"the objective must be one number, got the shape {tuple(objective.shape)}")
    claim_finite(objective.detach(), "the objective")
    if ledger.surrogate is None:
        claim_close(objective.detach().cpu(), -total / batch.num_data, "the objective", rtol=1e-10)


@check("elbo")
def same_generator_same_estimate(subject: Subject) -> None:
    """Two estimates with equal generators are equal to the last bit, in training and in evaluation.

    It fails where a global generator has a say, such as that of `nn.Dropout` or of `torch.distributions`.
    """
    for training in subject.modes:
        assembly = _in_mode(subject.assembly(), training)
        batch = subject.batch(assembly, 3)
        with global_generators_untouched("estimate"):
            first = _estimate(subject, assembly, batch)
        scramble_global_generators(1)
        again = _estimate(subject, assembly, batch)
        for term in first.terms:
            claim_equal(again[term.name], term.value, f"the term {term.name!r} estimated again with an equal generator")


@check("elbo")
def estimate_changes_nothing_in_place(subject: Subject) -> None:
    """An estimate leaves x, the parameters, the buffers and the mode of model and family as they were."""
    assembly = _in_mode(subject.assembly(), subject.modes[0])
    batch = subject.batch(assembly, 3)
    before = {"x": batch.x.clone()} | {name: value.clone() for name, value in _held(assembly).items()}
    _estimate(subject, assembly, batch)
    after = {"x": batch.x} | _held(assembly)
    for name, value in before.items():
        claim_equal(after[name].detach(), value.detach(), f"{name} after estimate")
    modes = {module.training for part in (assembly.model, assembly.family) for module in part.modules()}
    claim(modes == {subject.modes[0]}, "estimate must leave modules in the mode, training or not, they were in")


@check("elbo")
def exact_terms_have_no_noise(subject: Subject) -> None:
    """A term marked exact is the same whatever the generator.

    It fails for `exact=True` on a term that is computed from draws.
    """
    assembly = _in_mode(subject.assembly(), False)
    batch = subject.batch(assembly, 3)
    ledgers = [_estimate(subject, assembly, batch, seed) for seed in range(3)]
    exact = [term.name for term in ledgers[0].terms if term.exact]
    needed(bool(exact), "no term is marked exact")
    for name in exact:
        for seed in (1, 2):
            claim_close(
                ledgers[seed][name], ledgers[0][name], f"the exact term {name!r} with another generator", rtol=1e-10
            )


@check("elbo")
def exact_terms_belong_to_their_observation(subject: Subject) -> None:
    """A local term marked exact is the same for an observation in whatever batch it stands, and in whatever order."""
    assembly = _in_mode(subject.assembly(), subject.modes[0])
    batch = subject.batch(assembly, 4)
    whole = _estimate(subject, assembly, batch)
    names = [term.name for term in whole.terms if term.exact and term.scope == "local"]
    needed(bool(names), "no local term is marked exact")
    for indices in (torch.tensor([2]), torch.tensor([3, 1, 0, 2])):
        y = None if batch.y is None else batch.y[indices]
        part = _estimate(subject, assembly, Batch(batch.x[indices], batch.num_data, y))
        for name in names:
            claim_close(part[name], whole[name][indices], f"the term {name!r} of observations {indices.tolist()}")


@check("elbo")
def objective_has_the_right_gradient(subject: Subject) -> None:
    """The gradient of what training minimizes is that of finite differences with the same draws.

    It runs where draws are reparameterized or no term has noise, unless the estimator says that its gradient is right
    on average only; such a one is what `gradient_agrees_with_trace` looks at.
    """
    needed(not subject.evaluates, _NO_GRADIENT)
    assembly = _in_mode(subject.assembly(), False)
    needed(not assembly.elbo.gradient_on_average, "its gradient is said to be right on average only")
    batch = subject.batch(assembly, 3)
    parameters = movable(assembly.model, assembly.family)
    needed(bool(parameters), "there are no parameters that training moves")
    smooth = assembly.family.posterior(batch.x).reparameterized
    needed(
        smooth or all(term.exact for term in _estimate(subject, assembly, batch).terms),
        "q has no reparameterized draw, so the gradient is right on average only",
    )

    def objective() -> Tensor:
        return _estimate(subject, assembly, batch).objective(batch.num_data)

    claim_gradient(objective, parameters, "the objective")


def _estimate(subject: Subject, assembly: Assembly, batch: Batch, seed: int = 0) -> Ledger:
    generator = subject.generator(assembly, seed)
    return assembly.elbo.estimate(assembly.model, assembly.family, batch, generator=generator)


def _in_mode(assembly: Assembly, training: bool) -> Assembly:
    assembly.model.train(training)
    assembly.family.train(training)
    return assembly


def _held(assembly: Assembly) -> dict[str, Tensor]:
    return {
        f"{part}.{name}": value
        for part, module in (("model", assembly.model), ("family", assembly.family))
        for name, value in (*module.named_parameters(), *module.named_buffers())
    }
