import pytest
import torch
from toy import ToySplit, toy_assembly

from genlab.errors import IncompatibleError
from genlab.parts.accelerator.cpu import CPU
from genlab.parts.update.gradient import Gradient
from genlab.run.state import TrainingState, TrainingStream


def stream(num_data=10, batch_size=3, order_seed=5, sweep_size=1):
    split = ToySplit(torch.arange(float(num_data)).unsqueeze(-1))
    return TrainingStream(
        split, batch_size, order_seed=order_seed, observation=torch.Generator(), sweep_size=sweep_size
    )


def values(batch):
    return batch.x.flatten().tolist()


def test_an_epoch_visits_each_observation_at_most_once_and_every_epoch_in_another_order():
    data = stream()
    epochs = [[value for _ in range(3) for value in values(data.next())] for _ in range(2)]
    assert all(len(set(epoch)) == 9 for epoch in epochs)
    assert epochs[0] != epochs[1]


def test_seeking_continues_where_the_stream_would_have_been():
    ahead, sought = stream(), stream()
    for _ in range(5):
        ahead.next()
    sought.seek(5)
    assert [values(ahead.next()) for _ in range(4)] == [values(sought.next()) for _ in range(4)]


def test_a_batch_larger_than_the_data_is_all_of_them():
    data = stream(num_data=4, batch_size=100)
    assert sorted(values(data.next())) == [0, 1, 2, 3]


def test_a_sweep_visits_everything_in_order():
    assert [values(batch) for batch in stream(num_data=4).sweep()] == [[0, 1, 2], [3]]


def test_a_sweep_may_read_more_at_a_time_than_a_step():
    assert [values(batch) for batch in stream(num_data=5, sweep_size=4).sweep()] == [[0, 1, 2, 3], [4]]


def shares(num_data, batch_size, world_size):
    split = ToySplit(torch.arange(float(num_data)).unsqueeze(-1))
    none = torch.Generator()
    return [
        TrainingStream(split, batch_size, order_seed=5, observation=none, rank=rank, world_size=world_size)
        for rank in range(world_size)
    ]


def test_the_shares_of_several_processes_are_the_minibatch_of_one():
    alone, together = stream(num_data=20, batch_size=7), shares(20, 7, 3)
    for _ in range(4):
        assert [value for part in together for value in values(part.next())] == values(alone.next())
    assert sum(part.share for part in together) == pytest.approx(1)
    assert sorted(round(7 * part.share) for part in together) == [2, 2, 3]


def test_the_shares_of_several_processes_are_the_sweep_of_one():
    swept = [value for part in shares(20, 7, 3) for batch in part.sweep() for value in values(batch)]
    assert swept == list(range(20))


def test_a_minibatch_smaller_than_the_number_of_processes_is_refused():
    with pytest.raises(IncompatibleError, match=r"batch_size must be at least 1 for each of 3 processes, got 2"):
        shares(20, 2, 3)


class Alone(Gradient):
    shares_work = False


def test_a_rule_that_does_not_share_its_work_is_refused_on_several_processes(monkeypatch):
    monkeypatch.setattr(CPU, "world_size", 2)
    assembly = toy_assembly()
    TrainingState(assembly)
    assembly.update.__class__ = Alone
    with pytest.raises(IncompatibleError, match="must be a rule that shares its work to run on 2 processes, got Alone"):
        TrainingState(assembly)
