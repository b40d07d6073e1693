from dataclasses import replace

import numpy as np
import pytest
import torch
from genlab_mixture.coordinate_ascent import CoordinateAscent
from genlab_mixture.enumerated import Enumerated
from genlab_mixture.estimator import ClosedForm
from genlab_mixture.natural_gradient import NaturalGradient
from mixture_by_hand import HERE, InOrder, build, fresh
from mixture_learned_by_hand import KINDS

from genlab.interfaces import Batch
from genlab.parts.elbo.trace import Trace

NO_NOISE = torch.Generator()


def estimates(estimator, model, family, x, repeats):
    generator = torch.Generator().manual_seed(7)
    batch = Batch(x, len(x))
    return [estimator.estimate(model, family, batch, generator=generator) for _ in range(repeats)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("num_dims", [1, 2])
def test_it_agrees_with_the_closed_form_term_by_term(kind, num_dims):
    model, family, x = build(kind(num_data=20, num_dims=num_dims))
    (exact,) = estimates(ClosedForm(), model, family, x, 1)
    drawn = [ledger.detach().totals(20) for ledger in estimates(Enumerated(samples=100), model, family, x, 40)]
    assert set(drawn[0]) == set(exact.totals(20))
    for name, value in exact.totals(20).items():
        values = torch.stack([totals[name] for totals in drawn])
        assert abs(values.mean() - value) <= 4.5 * values.std() / len(drawn) ** 0.5 + 1e-10, name


@pytest.mark.parametrize("kind", KINDS)
def test_its_gradient_is_unbiased(kind):
    model, family, x = build(kind(num_data=6, num_dims=2))
    parameters = list(family.parameters())

    def gradients(estimator, repeats):
        return torch.stack(
            [
                torch.cat([value.flatten() for value in torch.autograd.grad(ledger.elbo(6), parameters)])
                for ledger in estimates(estimator, model, family, x, repeats)
            ]
        )

    exact, drawn = gradients(ClosedForm(), 1)[0], gradients(Enumerated(samples=60), 60)
    error = drawn.std(0) / len(drawn) ** 0.5
    assert bool(((drawn.mean(0) - exact).abs() <= 4.5 * error + 1e-10).all())


@pytest.mark.parametrize("kind", KINDS)
def test_it_varies_less_than_draws_of_everything(kind):
    model, family, x = build(kind(num_data=20))
    spreads = []
    for estimator in (Enumerated(), Trace()):
        ledgers = estimates(estimator, model, family, x, 200)
        spreads.append(torch.stack([ledger.detach().totals(20)["likelihood"] for ledger in ledgers]).var())
    enumerated, trace = spreads
    assert enumerated < 0.9 * trace


def test_only_the_entropy_of_the_assignments_is_exact():
    model, family, x = build(KINDS[1]())
    (ledger,) = estimates(Enumerated(), model, family, x, 1)
    assert [term.name for term in ledger.terms if term.exact] == ["assignment_entropy"]


@pytest.mark.parametrize("kind", KINDS)
def test_all_roads_lead_to_one_optimum(kind):
    x = np.concatenate([np.linspace(-6, -4, 10), np.linspace(3, 6, 20)])[:, None]
    mixture, rows = replace(kind(num_components=2), x=x), torch.tensor(x)

    def bound(walk):
        model, family = fresh(x, mixture)
        walk(model, family)
        return ClosedForm().estimate(model, family, Batch(rows, 30), generator=NO_NOISE).elbo(30).item()

    def sweeps(model, family):
        for _ in range(40):
            CoordinateAscent(model, family, HERE).step(InOrder(rows), generator=NO_NOISE)

    def natural_gradients(model, family):
        update = NaturalGradient(model, family, HERE)
        for _ in range(60):
            update.step(InOrder(rows), generator=NO_NOISE)

    def gradients(estimator):
        def walk(model, family):
            optimizer = torch.optim.Adam(family.parameters(), lr=0.1)
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 150)
            generator = torch.Generator().manual_seed(0)
            for _ in range(150):
                optimizer.zero_grad()
                estimator.estimate(model, family, Batch(rows, 30), generator=generator).objective(30).backward()
                optimizer.step()
                schedule.step()

        return walk

    best = bound(sweeps)
    assert bound(natural_gradients) == pytest.approx(best, abs=1e-3)
    assert bound(gradients(ClosedForm())) == pytest.approx(best, abs=1e-2)
    assert bound(gradients(Enumerated(samples=10))) == pytest.approx(best, abs=0.1)
    assert bound(gradients(Trace(samples=200))) == pytest.approx(best, abs=2)
