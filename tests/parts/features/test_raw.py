import pytest
import torch

from genlab.data.tensor_split import TensorSplit
from genlab.errors import IncompatibleError
from genlab.interfaces import DataSpec, Splits
from genlab.parts.accelerator.cpu import CPU
from genlab.parts.data.digits import Digits
from genlab.parts.features.raw import Raw


def rows(x: torch.Tensor, **spec: object) -> Splits:
    split = TensorSplit(x)
    return Splits(DataSpec("rows", tuple(x.shape[1:]), len(x), **spec), split, split, split)


def test_grey_levels_run_from_0_to_1():
    raw = Raw(Digits().load(), CPU(precision="float32"))
    x = torch.tensor([0.0, 16.0]).repeat_interleave(64).view(2, 1, 8, 8)
    assert torch.equal(raw.features(x), torch.tensor([0.0, 1.0], dtype=torch.float64).repeat_interleave(64).view(2, 64))
    assert raw.name == "raw"


def test_real_columns_have_no_mean_and_unit_variance_in_training():
    x = torch.randn(1_200, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x = (x * torch.tensor([1e-2, 1.0, 1e4]) + torch.tensor([5e3, 0.0, -7.0])).float()
    features = Raw(rows(x), CPU(precision="float32")).features(x)
    torch.testing.assert_close(features.mean(0), torch.zeros(3, dtype=torch.float64), atol=1e-9, rtol=0)
    torch.testing.assert_close(features.std(0, unbiased=False), torch.ones(3, dtype=torch.float64))


def test_a_constant_column_keeps_its_scale():
    x = torch.tensor([[2.0, 1.0], [2.0, 3.0]])
    features = Raw(rows(x), CPU(precision="float32")).features(torch.tensor([[5.0, 2.0]]))
    assert features.tolist() == [[3.0, 0.0]]


def test_missing_values_are_refused():
    with pytest.raises(IncompatibleError, match="without missing values"):
        Raw(rows(torch.zeros(3, 2), missing=True), CPU(precision="float32"))
