import math

import numpy as np
import pytest
import torch
from building import Build
from genlab.data import TensorSplit
from genlab.errors import GenlabWarning, IncompatibleError
from genlab.interfaces import DataSpec, Splits
from scipy.stats import multivariate_normal
from torch import Tensor

from genlab_factor_analysis.model import FactorAnalysis
from genlab_factor_analysis.simulated_factors import SimulatedFactors

pytestmark = pytest.mark.usefixtures("float64")


def marginal(model: FactorAnalysis) -> multivariate_normal:
    """Return N(b, W W' + Psi), from the parameters alone."""
    loadings, noise_var = model.loadings.detach().numpy(), model.noise_var().detach().numpy()
    return multivariate_normal(model.loc.detach().numpy(), loadings @ loadings.T + np.diag(noise_var))


@pytest.mark.parametrize("seed", range(3))
def test_the_evidence_is_the_density_of_the_marginal_normal(build: Build, x: Tensor, seed: int) -> None:
    model = build(seed)
    assert model.log_evidence(x).detach().numpy() == pytest.approx(marginal(model).logpdf(x.numpy()), rel=1e-12)


def test_the_evidence_is_right_where_the_noise_is_tiny(build: Build, x: Tensor) -> None:
    model = build(min_noise_scale=1e-5)
    with torch.no_grad():
        model.log_excess_noise_var.fill_(-40.0)
        single = model.float()
        ours = single.log_evidence(single.mean_given(torch.ones(1, 3, dtype=torch.float32)))
    # On the plane of the factors nothing but the normalizer and z'z are left.
    loadings = model.loadings.detach().double()
    covariance = loadings @ loadings.T + 1e-10 * torch.eye(6)
    expected = -0.5 * (6 * math.log(2 * math.pi) + torch.linalg.slogdet(covariance).logabsdet.item() + 3)
    assert ours.item() == pytest.approx(expected, rel=1e-5)


def test_the_joint_is_the_density_of_the_joint_normal(build: Build, x: Tensor, generator: torch.Generator) -> None:
    model = build()
    z = torch.randn(4, 10, 3, generator=generator)
    loadings = model.loadings.detach().numpy()
    covariance = np.block([[marginal(model).cov, loadings], [loadings.T, np.eye(3)]])
    joint = multivariate_normal(np.concatenate([model.loc.detach().numpy(), np.zeros(3)]), covariance)
    stacked = np.concatenate([np.broadcast_to(x.numpy(), (4, 10, 6)), z.numpy()], axis=-1)
    factors = model.log_joint(x, z)
    assert sum(factors.values()).detach().numpy() == pytest.approx(joint.logpdf(stacked), rel=1e-12)


def test_images_are_taken_as_vectors(generator: torch.Generator) -> None:
    rows = torch.randn(50, 2, 3, 1, generator=generator)

    def fitted(x: Tensor) -> FactorAnalysis:
        split = TensorSplit(x, dtype=x.dtype)
        return FactorAnalysis(Splits(DataSpec("pictures", tuple(x.shape[1:]), 50), split, split, split), factors=2)

    model, flat = fitted(rows), fitted(rows.flatten(1))
    assert torch.equal(model.log_evidence(rows), flat.log_evidence(rows.flatten(1)))


def test_the_start_has_the_variances_and_the_mean_of_the_data(splits: Splits, generator: torch.Generator) -> None:
    model = FactorAnalysis(splits, factors=2)
    rows = next(iter(splits.train.batches([torch.arange(400)], generator))).x
    assert torch.allclose(model.loc, rows.mean(0))
    assert torch.allclose(model.loadings.square().sum(1) + model.noise_var(), rows.var(0, correction=0))


def test_a_constant_column_keeps_the_smallest_noise() -> None:
    splits = SimulatedFactors(observations=100, columns=4, factors=1, loading_scale=0.0).load()
    rows = next(iter(splits.train.batches([torch.arange(80)], torch.Generator()))).x
    rows[:, 2] = 7.0
    constant = TensorSplit(rows, dtype=torch.float64)
    model = FactorAnalysis(Splits(splits.spec, constant, constant, constant), factors=1, min_noise_scale=0.1)
    assert model.noise_var()[2].item() == pytest.approx(0.01, rel=1e-5)
    assert torch.isfinite(model.log_evidence(rows)).all()


def test_a_noise_at_its_smallest_still_has_a_gradient(build: Build, x: Tensor) -> None:
    model = build()
    model.set_parameters(model.loc.clone(), torch.zeros(6, 3), torch.zeros(6))
    (gradient,) = torch.autograd.grad(model.log_evidence(x).mean(), model.log_excess_noise_var)
    assert (gradient > 0.1).all()


def test_as_many_factors_as_columns_are_refused(splits: Splits) -> None:
    with pytest.raises(IncompatibleError, match="must be below 6, how many numbers an x of simulated-factors has, got"):
        FactorAnalysis(splits, factors=6)


def test_integers_are_warned_about() -> None:
    rows = TensorSplit(torch.zeros(10, 3), dtype=torch.float64)
    levels = Splits(DataSpec("grey", (3,), 10, levels=4), rows, rows, rows)
    with pytest.warns(GenlabWarning, match=r"gives integer data \('grey'\) a density"):
        FactorAnalysis(levels, factors=1)
