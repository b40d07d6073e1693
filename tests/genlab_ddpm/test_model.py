from typing import Any

import numpy as np
import pytest
import torch
from genlab_ddpm.model import DDPM
from genlab_ddpm.network.unet import UNet
from known_diffusion import OracleNetwork
from linear_gaussian_diffusion import Oracle, oracle_model, repeated, seeded
from scipy import stats

from genlab.interfaces import DataSpec, Part

TINY = Part(UNet, {"channels": (4, 8), "blocks": 1})


def digits_model(**keys: Any) -> DDPM:
    keys = {"timesteps": 20, "network": TINY} | keys
    return DDPM(DataSpec("digits", (1, 8, 8), 10, levels=17), **keys)


@pytest.mark.parametrize("variance", ["fixed-small", "fixed-large", "learned-range"])
def test_the_joint_is_the_product_of_the_reverse_chain(variance: str) -> None:
    oracle = Oracle()
    model, family = oracle_model(oracle, variance=variance)
    x = repeated([0.4, -1.0], 3).x
    z = family.posterior(x).sample(2, generator=seeded())
    factors = {name: value.numpy() for name, value in model.log_joint(x, z).items()}
    assert factors["prior"] == pytest.approx(stats.norm.logpdf(z[:, :, -1].numpy()).sum(-1), rel=1e-12)
    var = oracle.reverse_var(variance)
    expected = np.zeros((2, 3))
    for t in range(2, len(oracle.betas) + 1):
        slope, offset = oracle.reverse(t)
        mean = slope * z[:, :, t - 1].numpy() + offset
        expected += stats.norm.logpdf(z[:, :, t - 2].numpy(), mean, np.sqrt(var[t - 1])).sum(-1)
    assert factors["reverse"] == pytest.approx(expected, rel=1e-10)
    decoder = stats.norm.logpdf(x.numpy(), oracle.x_0_hat(z[:, :, 0].numpy(), 1), np.sqrt(var[0])).sum(-1)
    assert factors["decoder"] == pytest.approx(decoder, rel=1e-10)


def test_what_the_network_predicts_makes_no_difference() -> None:
    x, oracle = repeated([0.4, -1.0], 3).x, Oracle()
    joints = []
    for prediction in ("eps", "x_0", "v"):
        model, family = oracle_model(oracle, prediction=prediction)
        z = family.posterior(x).sample(2, generator=seeded())
        joints.append(sum(model.log_joint(x, z).values(), start=torch.zeros(())))
    assert torch.allclose(joints[0], joints[1], rtol=1e-10)
    assert torch.allclose(joints[0], joints[2], rtol=1e-10)


def test_the_decoder_sums_to_one_over_grey_levels() -> None:
    model = digits_model().double()
    levels = model.values.to_x_0(torch.arange(17, dtype=torch.float64)).reshape(17, 1)
    mean, log_var = (torch.full((17, 1), value, dtype=torch.float64) for value in (0.3, -4.0))
    mass = model.decoder_log_prob(levels, mean, log_var).exp()
    assert mass.sum().item() == pytest.approx(1, rel=1e-12)


def test_clipping_holds_x_0_hat_between_the_outermost_levels() -> None:
    x_t, t = torch.full((2, 1, 8, 8), 5.0), torch.tensor([20, 20])
    output = torch.zeros_like(x_t)
    assert digits_model().x_0_hat(output, x_t, t).max() == 1
    assert digits_model(clip=False).x_0_hat(output, x_t, t).min() > 1
    real = DDPM(DataSpec("real", (1, 8, 8), 10), timesteps=20, network=TINY)
    assert real.x_0_hat(output, x_t, t).min() > 1


def test_a_half_precision_prediction_is_taken_up_in_the_precision_of_x_t() -> None:
    model, x_t = digits_model(), torch.zeros(2, 1, 8, 8)
    model.network.forward = lambda x_t, t, y, generator: x_t.bfloat16().unsqueeze(1)  # type: ignore[union-attr, assignment]
    assert model.ask(x_t, torch.tensor([3, 3]))[0].dtype == torch.float32


def test_only_the_network_is_learned_and_saved() -> None:
    model = digits_model()
    assert all(name.startswith("network.") for name in model.state_dict())


def test_the_oracle_is_called_with_timesteps_of_each_observation() -> None:
    model, family = oracle_model(Oracle())
    x = repeated([0.4, -1.0], 3).x
    model.log_joint(x, family.posterior(x).sample(2, generator=seeded()))
    assert isinstance(model.network, OracleNetwork)
    assert [call.tolist() for call in model.network.calls] == [[t] * 6 for t in (2, 3, 4, 5, 6, 1)]
