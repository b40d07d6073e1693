"""From observations to the noise behind them, and back again."""

import numpy as np
import pytest
import torch
from finite_data_diffusion import FiniteData, finite_model
from genlab_ddpm.ddim import DDIM
from genlab_ddpm.flow_sampler import FlowSampler, great_circle
from genlab_ddpm.heun import Heun
from known_diffusion import OracleNetwork, log_snr_chain
from linear_gaussian_diffusion import flow_model, flow_oracle, seeded

from genlab.errors import UsageError

# The chain begins with so little noise that its first step, which more steps do not refine, hardly matters.
ORACLE = flow_oracle(401, first=22.0)
X = torch.linspace(-2, 2.5, 12, dtype=torch.float64).reshape(6, 2)


def sampler(kind: str, steps: int, corrections: int) -> FlowSampler:
    build = {"ddim": DDIM, "heun": Heun}[kind]
    return build(flow_model(ORACLE), steps=steps, spacing="log-snr", corrections=corrections)


def there_and_back(kind: str, steps: int, corrections: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the latents of X, and what they lead to."""
    model, chosen = flow_model(ORACLE), sampler(kind, steps, corrections)
    latents = chosen.find_latents(model, torch.nn.Module(), X, generator=seeded())  # type: ignore[arg-type]
    return latents, chosen.draw_from(model, latents)


@pytest.mark.parametrize(
    ("kind", "corrections", "order"), [("ddim", 0, 1), ("ddim", 1, 2), ("ddim", 2, 3), ("heun", 0, 3), ("heun", 1, 4)]
)
def test_going_up_and_down_again_errs_at_the_order_that_is_claimed(kind: str, corrections: int, order: int) -> None:
    coarse, fine = ((there_and_back(kind, steps, corrections)[1] - X).abs().mean() for steps in (101, 201))
    assert torch.log2(coarse / fine).item() == pytest.approx(order, abs=0.25)


@pytest.mark.parametrize(("kind", "corrections", "order"), [("ddim", 0, 1), ("ddim", 2, 1), ("heun", 1, 2)])
def test_the_noise_found_nears_the_solution_of_the_flow(kind: str, corrections: int, order: int) -> None:
    solution = ORACLE.flow(X, 0, len(ORACLE.betas))
    coarse, fine = ((there_and_back(kind, steps, corrections)[0] - solution).abs().mean() for steps in (101, 201))
    assert torch.log2(coarse / fine).item() == pytest.approx(order, abs=0.25)
    assert fine < 0.1


@pytest.mark.parametrize("build", [DDIM, Heun])
def test_noise_that_led_to_an_observation_is_found_again(build: type[DDIM] | type[Heun]) -> None:
    model = flow_model(ORACLE)
    chosen = build(model, steps=201, corrections=2)
    draws = chosen.draw(model, 5, generator=seeded())
    noise = torch.randn(5, 2, generator=seeded(), dtype=torch.float64)
    assert torch.equal(chosen.draw_from(model, noise), draws.x)
    found = chosen.find_latents(model, torch.nn.Module(), draws.x, generator=seeded(1))  # type: ignore[arg-type]
    assert torch.allclose(found, noise, atol=1e-3)


@pytest.mark.filterwarnings("ignore:.*steps far finer cost bits")
def test_the_noise_behind_grey_levels_is_as_the_prior_draws_it() -> None:
    # Half of the noise leads to each of two levels, and by symmetry the positive half to the upper one.
    data = FiniteData(betas=log_snr_chain(5.0, -8.0, 200), x=np.array([[0], [1]]), levels=2)
    model = finite_model(data)
    x = torch.ones(4_000, 1, dtype=torch.float64)
    chosen = DDIM(model, steps=200)
    latents = chosen.find_latents(model, torch.nn.Module(), x, generator=seeded())  # type: ignore[arg-type]
    assert torch.equal(chosen.draw_from(model, latents), x)
    assert (latents > 0).all()
    assert latents.mean().item() == pytest.approx(np.sqrt(2 / np.pi), abs=0.04)
    assert latents.var().item() == pytest.approx(1 - 2 / np.pi, abs=0.04)


def test_real_data_need_no_randomness_to_be_inverted() -> None:
    generator = seeded()
    model = flow_model(ORACLE)
    DDIM(model, steps=5).find_latents(model, torch.nn.Module(), X, generator=generator)  # type: ignore[arg-type]
    assert torch.equal(generator.get_state(), seeded().get_state())


@pytest.mark.parametrize(("kind", "corrections", "calls"), [("ddim", 0, 4), ("ddim", 2, 14), ("heun", 0, 8)])
def test_a_correction_costs_a_step_s_calls(kind: str, corrections: int, calls: int) -> None:
    model, chosen = flow_model(ORACLE), sampler(kind, 5, corrections)
    assert isinstance(model.network, OracleNetwork)
    chosen.find_latents(model, torch.nn.Module(), X, generator=seeded())  # type: ignore[arg-type]
    assert len(model.network.calls) == calls


def test_a_sampler_that_adds_noise_says_how_to_go_back() -> None:
    model = flow_model(ORACLE)
    noisy = DDIM(model, steps=5, eta=0.5)
    for go in (
        lambda: noisy.find_latents(model, torch.nn.Module(), X, generator=seeded()),
        lambda: noisy.draw_from(model, X),
    ):  # type: ignore[arg-type]
        with pytest.raises(UsageError, match=r"sampler.eta must be 0 .* got 0.5.*-s sampler.eta=0"):
            go()


def test_the_great_circle_turns_evenly_and_keeps_lengths() -> None:
    first, second = torch.randn(2, 3, 1, 4, 4, generator=seeded(), dtype=torch.float64)
    second = second * (first.flatten(1).norm(dim=1) / second.flatten(1).norm(dim=1)).reshape(3, 1, 1, 1)

    def angle(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cosine_similarity(one.flatten(1), other.flatten(1)).acos()

    for share in (0.0, 0.3, 1.0):
        place = great_circle(first, second, share)
        assert torch.allclose(place.flatten(1).norm(dim=1), first.flatten(1).norm(dim=1))
        assert torch.allclose(angle(place, second), (1 - share) * angle(first, second), atol=1e-7)
    assert torch.allclose(great_circle(first, second, 0.0), first)
    assert torch.allclose(great_circle(first, second, 1.0), second)
    assert torch.allclose(great_circle(first, 3 * first, 0.5), 2 * first)
