import pytest
import torch
from building import Build

from genlab_factor_analysis.ancestral import Ancestral

pytestmark = pytest.mark.usefixtures("float64")


def test_draws_have_the_moments_of_the_marginal(build: Build, generator: torch.Generator) -> None:
    model = build()
    x = Ancestral().draw(model, 200_000, generator=generator).x
    with torch.no_grad():
        covariance = model.loadings @ model.loadings.T + model.noise_var().diag()
    deviation = covariance.diagonal().sqrt()
    assert ((x.mean(0) - model.loc).abs() < 5 * deviation / 200_000**0.5).all()
    error = torch.outer(deviation, deviation) * (2 / 200_000) ** 0.5
    assert ((x.T.cov() - covariance).abs() < 5 * error).all()


def test_a_draw_has_the_shape_of_the_data(build: Build, generator: torch.Generator) -> None:
    model = build()
    model.event_shape = (1, 2, 3)
    draws = Ancestral().draw(model, 5, generator=generator, trajectory=True)
    assert draws.x.shape == (5, 1, 2, 3)
    assert draws.trajectory is None


def test_another_model_is_refused(generator: torch.Generator) -> None:
    with pytest.raises(TypeError, match="model must be a FactorAnalysis, got Linear"):
        Ancestral().draw(torch.nn.Linear(1, 1), 1, generator=generator)  # type: ignore[arg-type]
