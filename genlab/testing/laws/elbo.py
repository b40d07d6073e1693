"""Laws of an estimator of the bound: named terms, unbiased, from its generator alone."""

import torch

from genlab.testing.check import check
from genlab.testing.claims import claim, claim_close, claim_finite, claim_tensor
from genlab.testing.examples import batch_sizes, examples, seeds
from genlab.testing.subject import Subject


@check("elbo")
def terms_are_finite_numbers_of_their_scope(subject: Subject) -> None:
    """A local term is `(B,)`, a global one `()`, finite, in the precision and on the device of x."""
    _claim_terms(subject, torch.float64)
    _claim_terms(subject, torch.float32)


def _claim_terms(subject: Subject, dtype: torch.dtype) -> None:
    assembly = subject.assembly(dtype=dtype)

    @examples(size=batch_sizes, seed=seeds)
    def holds(size: int, seed: int) -> None:
        batch, generator = subject.batch(assembly, size, seed=seed, dtype=dtype), subject.generator(assembly, seed)
        ledger = assembly.elbo.estimate(assembly.model, assembly.family, batch, generator=generator)
        for term in ledger.terms:
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
    ledger = assembly.elbo.estimate(assembly.model, assembly.family, batch, generator=subject.generator(assembly))
    total = torch.zeros((), dtype=torch.float64)
    for term in ledger.terms:
        total = total + term.value.detach().cpu().sum() * (batch.num_data / 3 if term.scope == "local" else 1)
    elbo = ledger.elbo(batch.num_data).detach().cpu()
    claim_close(elbo, total, "the bound of the ledger", rtol=1e-10)
    objective = ledger.objective(batch.num_data)
    claim(objective.shape == (), f"the objective must be one number, got the shape {tuple(objective.shape)}")
    if ledger.surrogate is None:
        claim_close(objective.detach().cpu(), -total / batch.num_data, "the objective", rtol=1e-10)
