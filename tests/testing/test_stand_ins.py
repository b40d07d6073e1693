import torch

from genlab.data import TensorSplit
from genlab.testing import InMemoryTraining, cpu


def rows(num_data: int = 10) -> torch.Tensor:
    return torch.arange(2.0 * num_data, dtype=torch.float64).reshape(num_data, 2)


def test_an_epoch_of_minibatches_holds_every_row_once_in_an_order_of_its_own() -> None:
    data = InMemoryTraining(rows(), batch_size=5)
    epoch = torch.cat([data.next().x, data.next().x])
    assert not torch.equal(epoch, rows())
    assert torch.equal(epoch.sort(0).values, rows())
    assert data.num_minibatches == 2


def test_a_sweep_is_all_rows_in_order_and_is_counted() -> None:
    data = InMemoryTraining(rows(), batch_size=4)
    assert torch.equal(torch.cat([batch.x for batch in data.sweep()]), rows())
    assert (data.num_sweeps, data.num_minibatches) == (1, 0)


def test_a_batch_says_how_many_there_are_and_keeps_the_precision() -> None:
    batch = InMemoryTraining(rows(), batch_size=3).next()
    assert (batch.num_data, batch.x.dtype) == (10, torch.float64)


def test_the_seed_fixes_the_order() -> None:
    first, again, other = (InMemoryTraining(rows(), seed=seed).next().x for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_split_is_delivered_as_it_delivers_itself() -> None:
    labeled = TensorSplit(rows(), torch.arange(10))
    batch = next(InMemoryTraining(labeled).sweep())
    assert batch.x.dtype == torch.float32
    assert torch.equal(batch.y, torch.arange(10))


def test_the_cpu_computes_in_the_precision_of_its_arguments() -> None:
    accelerator = cpu()
    with accelerator.autocast():
        product = rows() @ rows().T
    assert product.dtype == torch.float64
    assert (accelerator.world_size, accelerator.precision) == (1, "float32")
