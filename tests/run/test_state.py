import torch
from toy import ToySplit

from genlab.run.state import TrainingStream


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
