import numpy as np
import pytest
import torch
from genlab_ddpm.estimator import Denoising
from genlab_ddpm.family import ForwardDiffusion
from genlab_ddpm.figure import DiffusionTerms, _costs, _every, _logarithmic
from genlab_ddpm.linear import Linear
from genlab_ddpm.model import DDPM
from genlab_ddpm.network.unet import UNet
from genlab_ddpm.objectives import Bound
from linear_gaussian_diffusion import Oracle, oracle_model, seeded

from genlab.data.tensor_split import TensorSplit
from genlab.interfaces import Batch, DataSpec, FigureContext, Part, Splits

STEEP = Part(Linear, {"beta_1": 0.02, "beta_T": 0.9})


def context(spec: DataSpec, x: torch.Tensor, network: Part[UNet]) -> FigureContext:
    model = DDPM(spec, timesteps=12, schedule=STEEP, network=network)
    split = TensorSplit(x)
    data = Splits(spec, split, split, split)
    return FigureContext(model, ForwardDiffusion(model), data, None, [], seeded())


def test_images_are_shown_below_the_curves() -> None:
    x = torch.randint(0, 17, (5, 1, 8, 8), generator=seeded())
    network = Part(UNet, {"channels": (4, 8), "blocks": 1})
    canvas = DiffusionTerms().draw(context(DataSpec("digits", (1, 8, 8), 5, levels=17), x.float(), network))
    assert canvas is not None
    assert len(canvas.axes) == 3 + 2 * len(_logarithmic(12, 10))


def test_the_last_curve_ends_at_the_bound_of_the_images() -> None:
    x = torch.randint(0, 17, (32, 1, 8, 8), generator=seeded()).float()
    network = Part(UNet, {"channels": (4, 8), "blocks": 1})
    shown = context(DataSpec("digits", (1, 8, 8), 32, levels=17), x, network)
    canvas = DiffusionTerms().draw(shown)
    assert canvas is not None
    assert isinstance(shown.model, DDPM)
    shown.model.eval()
    estimator = Denoising(timesteps=12, objective=Part(Bound))
    with torch.no_grad():
        ledger = estimator.estimate(shown.model, shown.family, Batch(x, 32), generator=seeded())
    bits = -ledger.elbo(32).item() / (32 * 64 * np.log(2))
    assert canvas.axes[2].lines[0].get_ydata()[0] == pytest.approx(bits, rel=1e-4)


def test_the_network_is_told_the_classes_of_the_images() -> None:
    told = []
    spec = DataSpec("digits", (1, 8, 8), 2, levels=17, num_classes=3)
    model = DDPM(
        spec,
        timesteps=12,
        schedule=STEEP,
        network=Part(UNet, {"channels": (4, 8), "blocks": 1}),
        class_conditional=True,
    )
    model.network.register_forward_pre_hook(lambda _, arguments: told.append(arguments[2]))
    split = TensorSplit(torch.zeros(2, 1, 8, 8), torch.tensor([2, 1]))
    data = Splits(spec, split, split, split)
    DiffusionTerms().draw(FigureContext(model, ForwardDiffusion(model), data, None, [], seeded()))
    assert {tuple(y.tolist()) for y in told} == {(2, 1), (2,)}


def test_the_cost_of_a_timestep_is_its_term_in_bits_per_dimension() -> None:
    oracle = Oracle()
    model, _ = oracle_model(oracle, event_shape=(1,))
    x_0 = torch.full((40_000, 1), 0.9, dtype=torch.float64)
    for t, cost in zip((1, 3, 6), _costs(model, x_0, None, [1, 3, 6], seeded()), strict=True):
        nats = oracle.decoder_loss(0.9, oracle.betas) if t == 1 else oracle.step_kl(0.9, t, oracle.small_var)  # type: ignore[arg-type]
        assert cost == pytest.approx(nats / 0.6931471805599453, rel=0.05)


def test_the_timesteps_include_both_ends() -> None:
    assert _logarithmic(1000, 40)[0] == 1
    assert _logarithmic(1000, 40)[-1] == 1000
    assert _logarithmic(1, 40) == [1]


def test_costs_between_timesteps_follow_a_power_of_t() -> None:
    t = np.arange(1, 101)
    exact = np.where(t == 1, 5.0, 2.0 * t**-1.5)
    given = [1, 2, 10, 100]
    np.testing.assert_allclose(_every(given, exact[np.array(given) - 1].tolist()), exact)
    assert _every([1], [5.0]).tolist() == [5]
