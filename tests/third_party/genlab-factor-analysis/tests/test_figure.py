from dataclasses import replace

import pytest
import torch
from building import Build
from genlab.interfaces import FigureContext, Splits

from genlab_factor_analysis.exact_gaussian import ExactGaussian
from genlab_factor_analysis.figure import FactorLoadings
from genlab_factor_analysis.model import FactorAnalysis
from genlab_factor_analysis.principal_axes import principal_axes

pytestmark = pytest.mark.usefixtures("float64")


@pytest.mark.parametrize("shape", [(6,), (1, 2, 3)])
def test_it_draws_and_changes_nothing(
    build: Build, splits: Splits, shape: tuple[int, ...], generator: torch.Generator
) -> None:
    model: FactorAnalysis = build()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    shaped = replace(splits, spec=replace(splits.spec, event_shape=shape))
    canvas = FactorLoadings().draw(FigureContext(model, ExactGaussian(model), shaped, None, [], generator))
    assert canvas is not None
    canvas.draw_without_rendering()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_principal_axes_leave_the_model_as_it_is_and_make_the_posterior_independent(build: Build) -> None:
    model = build()
    loadings, noise_var = model.loadings.detach(), model.noise_var().detach()
    rotated = principal_axes(loadings, noise_var)
    gram = rotated.T @ (rotated / noise_var.unsqueeze(1))
    assert torch.allclose(rotated @ rotated.T, loadings @ loadings.T)
    assert torch.allclose(gram, gram.diagonal().diag(), atol=1e-9)
    assert (gram.diagonal().diff() < 0).all()
