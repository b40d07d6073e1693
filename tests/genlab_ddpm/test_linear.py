import math

import pytest
from genlab_ddpm.linear import Linear

from genlab.errors import IncompatibleError


def test_the_defaults_for_256_levels_are_those_of_ho_et_al() -> None:
    betas = Linear(1000, 2 / 255).betas()
    assert len(betas) == 1000
    assert betas[0] == pytest.approx(1e-4)
    assert betas[-1] == pytest.approx(0.02)
    assert (1 - betas).prod() == pytest.approx(4.0e-5, rel=0.02)


def test_few_levels_start_with_a_third_of_a_level() -> None:
    assert math.sqrt(Linear(1000, 2 / 16).betas()[0]) == pytest.approx(2 / 16 / 3)


@pytest.mark.parametrize("timesteps", [50, 200, 4000])
def test_other_numbers_of_timesteps_end_in_the_same_noise(timesteps: int) -> None:
    assert (1 - Linear(timesteps, 2 / 255).betas()).prod().log() == pytest.approx(math.log(4e-5), rel=0.25)


@pytest.mark.parametrize("keys", [{"beta_1": 0.3, "beta_T": 0.2}, {"beta_1": 0.1, "beta_T": 1.0}, {"beta_1": 1.5}])
def test_what_does_not_rise_to_less_than_one_is_refused(keys: dict[str, float]) -> None:
    with pytest.raises(IncompatibleError, match="must rise from beta_1 to a beta_T below 1"):
        Linear(1000, None, **keys)


@pytest.mark.parametrize("timesteps", [1, 2, 3])
@pytest.mark.parametrize("levels", [2, 3, 17])
def test_the_defaults_hold_for_very_short_chains(timesteps: int, levels: int) -> None:
    betas = Linear(timesteps, 2 / (levels - 1)).betas()
    assert ((betas > 0) & (betas < 1)).all()


def test_two_levels_and_many_steps_do_not_spend_the_signal_at_once() -> None:
    alpha_bar = (1 - Linear(1000, 2.0).betas()).cumprod(0)
    assert alpha_bar[-1] > 1e-7
    assert alpha_bar[500] > 1e-3
