"""A few points as the data, and their exact denoiser: where draws go, what the bound may reach, how solvers err."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from finite_data_diffusion import FiniteData, finite_model
from flow_solvers import flow_solver
from genlab_ddpm.ancestral import Ancestral
from genlab_ddpm.ddim import DDIM
from genlab_ddpm.dpm_solver import DPMSolver
from genlab_ddpm.estimator import Denoising
from genlab_ddpm.family import ForwardDiffusion
from genlab_ddpm.heun import Heun
from genlab_ddpm.inpainting import Inpainting
from genlab_ddpm.model import DDPM
from genlab_ddpm.objectives import Bound
from known_diffusion import log_snr_chain
from linear_gaussian_diffusion import seeded
from PIL import Image

from genlab.interfaces import Batch, Part, Sampler
from genlab.parts.elbo.trace import Trace

IMAGES = np.array([[[[0, 0], [16, 16]]], [[[0, 16], [0, 16]]], [[[16, 5], [5, 0]]], [[[16, 12], [9, 3]]]])
FINE = FiniteData(betas=log_snr_chain(7.0, -9.0, 80), x=IMAGES, levels=17)
SHORT = FiniteData(betas=np.linspace(0.05, 0.95, 6), x=np.array([[1], [4], [4], [7]]), levels=9)
SAMPLERS: dict[str, Callable[[DDPM], Sampler]] = {
    "ancestral": Ancestral,
    "ddim, eta 0": lambda model: DDIM(model, steps=80),
    "ddim, eta 0.5": lambda model: DDIM(model, steps=80, eta=0.5),
    "ddim, eta 1": lambda model: DDIM(model, steps=80, eta=1.0),
    "heun": lambda model: Heun(model, steps=40),
    "dpm-solver 1": lambda model: DPMSolver(model, steps=80, order=1),
    "dpm-solver 2": lambda model: DPMSolver(model, steps=40, order=2),
    "dpm-solver 3": lambda model: DPMSolver(model, steps=40, order=3),
}


def shares(x: torch.Tensor) -> np.ndarray:
    """Return how many of the draws are each of the images."""
    same = (x.numpy()[:, None] == IMAGES[None]).all((2, 3, 4))
    return np.asarray(same.mean(0))


@pytest.mark.parametrize("kind", SAMPLERS)
def test_draws_are_the_data_each_as_often(kind: str) -> None:
    model = finite_model(FINE)
    drawn = shares(SAMPLERS[kind](model).draw(model, 2_000, generator=seeded()).x)
    assert drawn.sum() > 0.995
    assert np.abs(drawn - 0.25).max() < 0.05  # 4.5 standard errors are 0.044


def test_inpainting_draws_the_data_that_agree_with_the_known_pixels(tmp_path: Path) -> None:
    model = finite_model(FINE)
    Image.fromarray(np.array([[255, 0], [0, 0]], dtype=np.uint8)).save(tmp_path / "image.png")
    Image.fromarray(np.array([[0, 255], [255, 255]], dtype=np.uint8)).save(tmp_path / "mask.png")
    sampler = Inpainting(model, image=tmp_path / "image.png", mask=tmp_path / "mask.png", steps=80, repeats=5)
    drawn = shares(sampler.draw(model, 500, generator=seeded()).x)
    assert drawn[2:].sum() > 0.995
    assert drawn[2] == pytest.approx(0.5, abs=0.12)


def test_with_full_noise_ddim_is_ancestral_sampling() -> None:
    model = finite_model(FINE)
    ddim = DDIM(model, steps=80, eta=1.0, frames=80).draw(model, 20, generator=seeded(), trajectory=True)
    ancestral = Ancestral(model, frames=80).draw(model, 20, generator=seeded(), trajectory=True)
    assert ddim.trajectory is not None
    assert ancestral.trajectory is not None
    assert torch.allclose(ddim.trajectory, ancestral.trajectory, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("variance", ["fixed-small", "fixed-large", "learned-range"])
def test_the_bound_stays_below_the_exact_log_likelihood(variance: Any) -> None:
    evidence = SHORT.log_evidence(SHORT.reverse_var(variance))
    assert np.exp(evidence).sum() == pytest.approx(1, abs=1e-6)
    assert evidence[[1, 4, 4, 7]].mean() < np.log([0.25, 0.5, 0.5, 0.25]).mean()  # no model beats the data's own law
    model = finite_model(SHORT, variance=variance)
    family, num = ForwardDiffusion(model), 4_000
    batch = Batch(torch.arange(9.0, dtype=torch.float64).repeat_interleave(num).unsqueeze(1), 9 * num)
    stepwise, raw = (
        estimator.estimate(model, family, batch, generator=seeded()).per_example().reshape(9, num)
        for estimator in (Denoising(timesteps=6, objective=Part(Bound)), Trace(samples=1))
    )
    for values in (stepwise, raw):
        assert (values.mean(1).numpy() - 4.5 * values.std(1).numpy() / num**0.5 < evidence).all()
    data = [1, 4, 7]
    error = (stepwise.var(1) + raw.var(1)).sqrt()[data] / num**0.5
    assert ((stepwise.mean(1) - raw.mean(1))[data].abs() < 4.5 * error).all()
    # Importance weights of whole trajectories average to the evidence itself.
    weighted = raw.logsumexp(1).numpy() - np.log(num)
    assert np.abs(weighted - evidence)[data].max() < 0.1


def distance_to_the_flow(kind: str, steps: int) -> float:
    """Return how far a sampler's states at timestep 1 are from the flow's solution."""
    points = np.array([[0, 1], [3, 1], [2, 4]])
    data = FiniteData(betas=log_snr_chain(3.0, -6.0, steps), x=points, levels=5)
    model = finite_model(data)
    states = flow_solver(kind, model, steps).draw(model, 20, generator=seeded(), trajectory=True).trajectory
    assert states is not None
    start, end = (model.values.to_x_0(state).numpy() for state in (states[0], states[-2]))
    return float(np.abs(end - data.flow(start, steps, 1)).mean())


@pytest.mark.parametrize(
    ("kind", "order"), [("ddim", 1), ("dpm-solver 1", 1), ("heun", 2), ("dpm-solver 2", 2), ("dpm-solver 3", 3)]
)
def test_on_a_curved_flow_the_error_falls_at_the_order_that_is_claimed(kind: str, order: int) -> None:
    coarse, fine = (distance_to_the_flow(kind, steps) for steps in (100, 200))
    assert np.log2(coarse / fine) == pytest.approx(order, abs=0.3)
