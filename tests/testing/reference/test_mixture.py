import itertools

import numpy as np
import torch
from reference_recipes import MIXTURE, reference_assembly
from scipy.special import gammaln, logsumexp
from scipy.stats import multivariate_normal

from genlab.interfaces import Batch
from genlab.parts.elbo.trace import Trace
from genlab.testing.reference.mixture.model import ConjugateMixture


def by_enumeration(model: ConjugateMixture, x: np.ndarray) -> float:
    alpha, prior_var, noise_var = (value.item() for value in (model.concentration, model.prior_var, model.noise_var))
    num_components, joint = model.num_components, []
    for z in itertools.product(range(num_components), repeat=len(x)):
        counts = np.bincount(z, minlength=num_components)
        total = gammaln(alpha * num_components) - gammaln(alpha * num_components + len(x))
        total += (gammaln(alpha + counts) - gammaln(alpha)).sum()
        for k, d in itertools.product(range(num_components), range(x.shape[1])):
            rows = x[np.array(z) == k, d]
            if len(rows):
                cov = noise_var * np.eye(len(rows)) + prior_var
                total += multivariate_normal(np.zeros(len(rows)), cov).logpdf(rows)
        joint.append(total)
    return float(logsumexp(joint))


def rows() -> torch.Tensor:
    return torch.randn(5, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64) * 2


def test_the_evidence_is_the_sum_over_assignments() -> None:
    for components in (1, 2, 3):
        model = reference_assembly(MIXTURE, model={"use": "reference-mixture", "components": components}).model
        assert isinstance(model, ConjugateMixture)
        np.testing.assert_allclose(model.log_evidence(rows()).item(), by_enumeration(model, rows().numpy()), rtol=1e-12)


def test_with_one_component_the_family_reaches_the_evidence() -> None:
    assembly = reference_assembly(MIXTURE, model={"use": "reference-mixture", "components": 1})
    model, family, x = assembly.model, assembly.family, rows()
    var = 1 / (1 / model.prior_var + len(x) / model.noise_var)
    with torch.no_grad():
        family.log_var.fill_(var.log())
        family.mean.copy_(var * x.sum(0, keepdim=True) / model.noise_var)
    ledger = Trace(samples=3).estimate(model, family, Batch(x, 5), generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(ledger.elbo(5), model.log_evidence(x))


def test_the_bound_is_below_the_evidence() -> None:
    assembly = reference_assembly(MIXTURE)
    batch, generator = Batch(rows(), 5), torch.Generator().manual_seed(0)
    ledger = Trace(samples=2000).estimate(assembly.model, assembly.family, batch, generator=generator)
    assert ledger.elbo(5) < assembly.model.log_evidence(batch.x)
