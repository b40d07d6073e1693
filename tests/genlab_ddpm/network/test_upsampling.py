import pytest
import torch
from genlab_ddpm.network.upsampling import UpsamplingConv
from linear_gaussian_diffusion import seeded
from torch.nn import functional as F


@pytest.mark.parametrize(("before", "after"), [((3, 5), (6, 10)), ((4, 4), (7, 7)), ((3, 4), (5, 8)), ((1, 1), (2, 2))])
def test_it_is_nearest_neighbours_then_a_convolution(before: tuple[int, int], after: tuple[int, int]) -> None:
    layer = UpsamplingConv(4).double()
    x = torch.randn(2, 4, *before, generator=seeded(), dtype=torch.float64).requires_grad_()
    expected = F.conv2d(F.interpolate(x, size=after, mode="nearest"), layer.weight, layer.bias, padding=1)
    found = layer(x, *after)
    torch.testing.assert_close(found, expected)
    inputs = (x, *layer.parameters())
    direction = torch.randn(expected.shape, generator=seeded(1), dtype=torch.float64)
    for mine, reference in zip(
        torch.autograd.grad(found, inputs, direction), torch.autograd.grad(expected, inputs, direction), strict=True
    ):
        torch.testing.assert_close(mine, reference)
