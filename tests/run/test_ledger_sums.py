"""The running sums of an evaluation, against all numbers held at once by NumPy."""

import numpy as np
import pytest
import torch

from genlab.ledger import Ledger, Term
from genlab.run.ledger_sums import TOTAL, LedgerSums

SIZES = (3, 3, 2)
EXAMPLES = np.random.default_rng(0).normal(1e3, 1, (4, 8))  # repeats, examples; far from 0, where squares cancel
SHARED = np.random.default_rng(1).normal(-50, 3, (4, 3))  # repeats, batches


def summed(num_repeats: int, *, shared: bool = False, surrogate: bool = False, exact: bool = False) -> LedgerSums:
    sums, first = LedgerSums(num_batches=3), 0
    for batch, size in enumerate(SIZES):
        ledgers = []
        for repeat in range(num_repeats):
            terms = [Term("fit", torch.tensor(EXAMPLES[repeat, first : first + size]), "local", exact=exact)]
            if shared:
                terms.append(Term("prior", torch.tensor(SHARED[repeat, batch]), "global", exact=exact))
            objective = torch.tensor(float(10 * repeat + batch)) if surrogate else None
            ledgers.append(Ledger(tuple(terms), "simple" if surrogate else None, objective))
        sums.add(ledgers)
        first += size
    return sums


def test_examples_that_are_independent_are_the_units_of_the_error():
    sums = summed(4)
    assert sums.mean("fit") == sums.mean(TOTAL) == pytest.approx(EXAMPLES.sum(1).mean(), rel=1e-14)
    expected = np.sqrt(EXAMPLES.var(0, ddof=1).sum() / 4)
    assert sums.error("fit") == sums.error(TOTAL) == pytest.approx(expected, rel=1e-10)
    assert sums.spread() == pytest.approx(EXAMPLES.mean(0).std(ddof=1), rel=1e-10)


def test_batches_that_share_a_draw_are_the_units_of_the_error():
    sums = summed(4, shared=True)
    batches = np.stack([part.sum(1) for part in np.split(EXAMPLES, np.cumsum(SIZES)[:-1], axis=1)], 1)
    assert sums.mean("prior") == pytest.approx(SHARED.mean(), rel=1e-14)
    assert sums.error("fit") == pytest.approx(np.sqrt(batches.var(0, ddof=1).sum() / 4), rel=1e-10)
    assert sums.error("prior") == pytest.approx(np.sqrt((SHARED / 3).var(0, ddof=1).sum() / 4), rel=1e-10)
    assert sums.error(TOTAL) == pytest.approx(np.sqrt((batches + SHARED / 3).var(0, ddof=1).sum() / 4), rel=1e-10)
    assert sums.spread() is None


def test_what_is_exact_has_no_error_and_what_was_seen_once_has_an_unknown_one():
    assert summed(1, exact=True).error(TOTAL) == 0
    assert summed(1).error(TOTAL) is summed(1).error("fit") is None


def test_a_surrogate_is_averaged_over_examples_and_repeats():
    sizes, values = np.array(SIZES), np.add.outer([0, 10], np.arange(3))
    assert summed(2, surrogate=True).surrogate() == {"simple": pytest.approx((values * sizes).sum() / 16)}
