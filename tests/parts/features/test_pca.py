import pytest
import torch
from sklearn import decomposition

from genlab.data.tensor_split import TensorSplit
from genlab.interfaces import DataSpec, Splits
from genlab.parts.accelerator.cpu import CPU
from genlab.parts.features.pca import PCA


def splits(num_rows: int, num_dims: int) -> Splits:
    source = torch.Generator().manual_seed(num_rows)
    x = torch.randint(0, 256, (num_rows, num_dims), generator=source).double()
    x = (x * torch.linspace(0.05, 1, num_dims)).round()
    part = TensorSplit(x)
    return Splits(DataSpec("levels", (num_dims,), num_rows, levels=256), part, part, part)


def all_of(data: Splits) -> torch.Tensor:
    (batch,) = data.train.batches([torch.arange(len(data.train))], torch.Generator())
    return batch.x.double()


@pytest.mark.parametrize(("num_rows", "num_dims", "components"), [(40, 6, 3), (12, 30, 5), (12, 30, 64), (700, 4, 64)])
def test_the_coordinates_are_those_of_another_library(num_rows, num_dims, components):
    data = splits(num_rows, num_dims)
    x = all_of(data) / 255
    pca = PCA(data, CPU(precision="float32"), components=components)
    kept = min(components, num_dims, num_rows - 1)
    expected = torch.from_numpy(decomposition.PCA(kept, svd_solver="full").fit_transform(x.numpy()))
    features = pca.features(all_of(data))
    torch.testing.assert_close(features.abs(), expected.abs(), atol=1e-9, rtol=1e-9)
    assert pca.name == f"pca{kept}"


def test_the_share_of_variance_is_in_the_protocol():
    data = splits(40, 6)
    reference = decomposition.PCA(2).fit((all_of(data) / 255).numpy())
    share = reference.explained_variance_ratio_.sum()
    pca = PCA(data, CPU(precision="float32"), components=2)
    assert f"2 principal components of 40 training observations (values from 0 to 1), {share:.0%}" in pca.protocol


def test_the_first_observations_are_enough_where_a_recipe_says_so():
    data = splits(60, 4)
    whole, part = (PCA(data, CPU(precision="float32"), examples=examples) for examples in (60, 10))
    x = all_of(data)
    torch.testing.assert_close(part.features(x[:10]).mean(0), torch.zeros(4, dtype=torch.float64), atol=1e-12, rtol=0)
    assert whole.features(x[:10]).mean(0).abs().max() > 1e-3
