import pytest
import torch

from genlab.errors import IncompatibleError
from genlab.parts.data.customers import Customers


def read(split):
    return next(split.batches([torch.arange(len(split))], torch.Generator().manual_seed(0)))


def test_customers_scatter_around_the_means_the_truth_names():
    weights, means = (0.5, 0.3, 0.2), (-20.0, 0.0, 30.0)
    splits = Customers(num_customers=30_000, weights=weights, means=means, noise_scale=2.0).load()
    x, assignments = read(splits.train).x[:, 0], splits.truth["assignments"]
    for component, (weight, mean) in enumerate(zip(weights, means, strict=True)):
        mine = x[assignments == component]
        # Five standard errors each.
        assert abs(len(mine) / len(x) - weight) < 5 * (weight * (1 - weight) / len(x)) ** 0.5
        assert abs(mine.mean() - mean) < 5 * 2 / len(mine) ** 0.5
        assert abs(mine.std() - 2) < 5 * 2 / (2 * len(mine)) ** 0.5


def test_the_truth_holds_what_was_drawn_or_given():
    truth = Customers(components=4, means=(1.0, 2.0, 3.0, 4.0), noise_scale=0.5).load().truth
    assert truth["means"] == [1.0, 2.0, 3.0, 4.0]
    assert truth["noise_scale"] == 0.5
    assert len(truth["weights"]) == 4
    assert sum(truth["weights"]) == pytest.approx(1)


def test_drawn_weights_are_even_and_drawn_means_wide_as_asked():
    truth = Customers(components=2000, concentration=1e6, mean_scale=7.0, num_customers=10).load().truth
    assert max(truth["weights"]) < 1.01 / 2000
    assert torch.tensor(truth["means"]).std().item() == pytest.approx(7.0, rel=5 / 4000**0.5)


def test_there_is_one_assignment_for_each_training_example():
    splits = Customers(num_customers=200, split=(0.5, 0.25, 0.25)).load()
    assert len(splits.truth["assignments"]) == splits.spec.num_train == len(splits.train) == 100


def test_x_is_one_real_number_without_a_label():
    splits = Customers(num_customers=50).load()
    assert (splits.spec.event_shape, splits.spec.levels, splits.spec.num_classes) == ((1,), None, None)
    assert read(splits.train).y is None


def test_the_draws_depend_on_the_data_seed_alone():
    first = read(Customers(data_seed=3).load().train).x
    torch.rand(5, generator=torch.Generator().manual_seed(1))
    assert torch.equal(read(Customers(data_seed=3).load().train).x, first)
    assert not torch.equal(read(Customers(data_seed=4).load().train).x, first)


def test_giving_the_means_moves_no_customer_to_another_component():
    drawn, given = Customers().load(), Customers(means=(1.0, 2.0, 3.0)).load()
    assert torch.equal(drawn.truth["assignments"], given.truth["assignments"])


@pytest.mark.parametrize("key", ["weights", "means"])
def test_as_many_weights_and_means_as_components_are_demanded(key):
    with pytest.raises(IncompatibleError, match=rf"data\.{key} must be one for each of the 3 components, got 2"):
        Customers(**{key: (0.5, 0.5)})


def test_weights_that_do_not_sum_to_one_are_refused():
    with pytest.raises(IncompatibleError, match=r"data\.weights must sum to 1, got"):
        Customers(weights=(0.5, 0.5, 0.5))
