import pytest
import torch
from genlab.testing import cpu

from genlab_factor_analysis.moments import gather

pytestmark = pytest.mark.usefixtures("float64")


def test_the_moments_are_those_of_the_whole_however_it_is_cut(generator: torch.Generator) -> None:
    rows = 1e4 + torch.randn(5000, 3, generator=generator)
    for size in (7, 1024, 5000):
        moments = gather(torch.split(rows, size), cpu())
        assert torch.allclose(moments.mean, rows.mean(0), rtol=1e-14)
        assert torch.allclose(moments.covariance, rows.T.cov(correction=0), rtol=1e-10)


def test_single_precision_rows_far_from_zero_lose_nothing(generator: torch.Generator) -> None:
    rows = (1e4 + torch.randn(5000, 3, generator=generator)).float()
    moments = gather([rows], cpu())
    assert torch.allclose(moments.covariance, rows.double().T.cov(correction=0), rtol=1e-10)
