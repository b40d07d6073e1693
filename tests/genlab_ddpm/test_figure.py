import pytest
import torch
from genlab_ddpm.family import ForwardDiffusion
from genlab_ddpm.figure import DiffusionTerms, _costs, _logarithmic, _running_sum
from genlab_ddpm.linear import Linear
from genlab_ddpm.model import DDPM
from genlab_ddpm.network.unet import UNet
from linear_gaussian_diffusion import Oracle, oracle_model, seeded

from genlab.data.tensor_split import TensorSplit
from genlab.interfaces import DataSpec, FigureContext, Part, Splits

STEEP = Part(Linear, {"beta_1": 0.02, "beta_T": 0.9})


def context(spec: DataSpec, x: torch.Tensor, network: Part[UNet]) -> FigureContext:
    model = DDPM(spec, timesteps=12, schedule=STEEP, network=network)
    split = TensorSplit(x)
    data = Splits(spec, split, split, split)
    return FigureContext(model, ForwardDiffusion(model), data, None, [], seeded())


def test_images_are_shown_below_the_curve() -> None:
    x = torch.randint(0, 17, (5, 1, 8, 8), generator=seeded())
    network = Part(UNet, {"channels": (4, 8), "blocks": 1})
    canvas = DiffusionTerms().draw(context(DataSpec("digits", (1, 8, 8), 5, levels=17), x.float(), network))
    assert canvas is not None
    assert len(canvas.axes) == 1 + 2 * len(_logarithmic(12, 10))


def test_the_cost_of_a_timestep_is_its_term_in_bits_per_dimension() -> None:
    oracle = Oracle()
    model, _ = oracle_model(oracle, event_shape=(1,))
    x_0 = torch.full((40_000, 1), 0.9, dtype=torch.float64)
    for t, cost in zip((1, 3, 6), _costs(model, x_0, [1, 3, 6], seeded()), strict=True):
        nats = oracle.decoder_loss(0.9, oracle.betas) if t == 1 else oracle.step_kl(0.9, t, oracle.small_var)  # type: ignore[arg-type]
        assert cost == pytest.approx(nats / 0.6931471805599453, rel=0.05)


def test_the_timesteps_include_both_ends() -> None:
    assert _logarithmic(1000, 40)[0] == 1
    assert _logarithmic(1000, 40)[-1] == 1000
    assert _logarithmic(1, 40) == [1]


def test_the_curve_sums_from_the_last_timestep_down() -> None:
    assert _running_sum([1, 2, 4], [5.0, 1.0, 2.0]).tolist() == [5 + 1 + 1.5 + 2, 1 + 1.5 + 2, 1.5 + 2, 2]
    assert _running_sum([1], [5.0]).tolist() == [5]
