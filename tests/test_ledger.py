import pytest
import torch

from genlab.errors import NonFiniteError
from genlab.ledger import Ledger, Term

LOCAL = Term("likelihood", torch.tensor([-1.0, -3.0]), "local", exact=False)
GLOBAL = Term("weight_prior", torch.tensor(-5.0), "global", exact=True)


def test_local_terms_are_scaled_to_all_data_and_global_ones_are_not():
    ledger = Ledger((LOCAL, GLOBAL))
    assert ledger.totals(10) == {"likelihood": torch.tensor(-20.0), "weight_prior": torch.tensor(-5.0)}
    assert ledger.elbo(10).item() == -25.0


def test_the_objective_is_the_negative_bound_per_example():
    assert Ledger((LOCAL, GLOBAL)).objective(10).item() == 2.5


def test_a_surrogate_is_what_is_minimised_and_leaves_the_bound_alone():
    ledger = Ledger((LOCAL,), surrogate="simple", surrogate_objective=torch.tensor(0.25))
    assert ledger.objective(2).item() == 0.25
    assert ledger.elbo(2).item() == -4.0


def test_per_example_values_sum_the_local_terms_only():
    entropy = Term("entropy", torch.tensor([0.5, 0.25]), "local", exact=True)
    torch.testing.assert_close(Ledger((LOCAL, entropy, GLOBAL)).per_example(), torch.tensor([-0.5, -2.75]))


def test_a_ledger_without_a_local_term_or_with_a_name_twice_is_refused():
    with pytest.raises(ValueError, match="local term"):
        Ledger((GLOBAL,))
    with pytest.raises(ValueError, match="distinct"):
        Ledger((LOCAL, LOCAL))
    with pytest.raises(ValueError, match="surrogate"):
        Ledger((LOCAL,), surrogate="simple")


def test_a_term_that_is_not_finite_is_named():
    bad = Ledger((LOCAL, Term("kl", torch.tensor([0.0, float("nan")]), "local", exact=True)))
    with pytest.raises(NonFiniteError, match=r"term 'kl' of the bound must be finite, got nan \(step 4\)"):
        bad.check_finite("step 4")


def test_a_detached_ledger_has_no_graph():
    value = torch.ones(2, requires_grad=True)
    ledger = Ledger((Term("likelihood", value * 2, "local", exact=True),)).detach()
    assert not ledger["likelihood"].requires_grad
