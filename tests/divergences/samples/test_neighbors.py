import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from genlab.divergences.samples import nearest, neighbors, squared_radii
from genlab.errors import UsageError


def draws(count: int, seed: int, columns: int = 5) -> torch.Tensor:
    return torch.randn(count, columns, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) + 3


@pytest.mark.parametrize("elements", [1, 150, 2**20])
def test_the_nearest_rows_are_those_of_another_library_in_chunks_of_any_size(monkeypatch, elements):
    monkeypatch.setattr(neighbors, "CHUNK_ELEMENTS", elements)
    x, y = draws(40, 0), draws(50, 1)
    distances, places = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(y.numpy()).kneighbors(x.numpy())
    squares, indices = nearest(x, y)
    torch.testing.assert_close(squares.sqrt(), torch.from_numpy(distances[:, 0]))
    assert indices.tolist() == places[:, 0].tolist()


@pytest.mark.parametrize("elements", [1, 150, 2**20])
@pytest.mark.parametrize("num_neighbors", [1, 3, 49])
def test_the_radius_leaves_the_row_itself_out(monkeypatch, elements, num_neighbors):
    monkeypatch.setattr(neighbors, "CHUNK_ELEMENTS", elements)
    x = draws(50, 0)
    expected = NearestNeighbors(n_neighbors=num_neighbors, algorithm="brute").fit(x.numpy()).kneighbors()[0][:, -1]
    torch.testing.assert_close(squared_radii(x, num_neighbors).sqrt(), torch.from_numpy(expected))


def test_a_row_that_is_there_twice_has_a_neighbor_at_no_distance():
    x = draws(4, 0)
    radii = squared_radii(torch.cat([x, x[:1]]), 1)
    assert radii[[0, 4]].max() < 1e-12 < radii[1:4].min()


@pytest.mark.parametrize("num_neighbors", [0, 4])
def test_there_must_be_enough_rows(num_neighbors):
    with pytest.raises(UsageError, match="from 1 to 3"):
        squared_radii(draws(4, 0), num_neighbors)
