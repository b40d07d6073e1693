import torch

from genlab.assembly.streams import seeded_initialisation, stream_seed


def test_streams_of_one_seed_and_seeds_of_one_stream_differ() -> None:
    streams = ("initialisation", "order", "training", "evaluation", "sampling")
    assert len({stream_seed(seed, stream) for seed in range(10) for stream in streams}) == 50


def test_a_stream_s_seed_never_changes_between_versions() -> None:
    assert stream_seed(0, "training") == 3451234928535173333


def test_initialisation_is_repeatable_and_leaves_the_global_generator_alone() -> None:
    state = torch.get_rng_state()
    draws = []
    for _ in range(2):
        with seeded_initialisation(7):
            draws.append(torch.rand(3))
    assert torch.equal(*draws)
    assert torch.equal(torch.get_rng_state(), state)
