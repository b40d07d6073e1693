import pytest
import torch
from PIL import Image, ImageSequence

from genlab.errors import UsageError
from genlab.interfaces import DataSpec, Draws
from genlab.run.animation import frame_milliseconds
from genlab.run.draw import save_draws

GREY = DataSpec("grey", (1, 48, 48), 10, levels=6)
REAL = DataSpec("real", (1, 48, 48), 10)
COLOR = DataSpec("color", (3, 48, 48), 10, levels=256)


def way(*shades, channels=1):
    """Return draws of one image whose states are each of one shade."""
    states = torch.tensor(shades).reshape(-1, 1, 1, 1, 1).expand(-1, 1, channels, 48, 48).clone()
    return Draws(states[-1], states)


def frames(path):
    """Return what each frame shows in its middle, and for how many milliseconds, and how often it all is shown."""
    with Image.open(path) as image:
        shown = [
            (frame.convert("RGB").getpixel((24, 24)), frame.info["duration"]) for frame in ImageSequence.Iterator(image)
        ]
        return shown, image.info["loop"]


@pytest.mark.parametrize("ending", ["gif", "apng"])
def test_every_state_is_a_frame_and_the_last_is_held(tmp_path, ending):
    save_draws(way(5.0, 1.0, 3.0, 2.0), GREY, tmp_path / f"way.{ending}")
    shown, loop = frames(tmp_path / f"way.{ending}")
    assert [pixel for pixel, _ in shown] == [(255,) * 3, (51,) * 3, (153,) * 3, (102,) * 3]
    assert [milliseconds for _, milliseconds in shown] == [200, 200, 200, 2000]
    assert loop == 0


@pytest.mark.parametrize("ending", ["gif", "apng"])
def test_states_beyond_the_levels_are_black_and_white(tmp_path, ending):
    save_draws(way(-7.0, 30.0, 2.0), GREY, tmp_path / f"way.{ending}")
    assert [pixel[0] for pixel, _ in frames(tmp_path / f"way.{ending}")[0]] == [0, 255, 102]


def test_real_values_are_shown_on_the_scale_of_the_draws(tmp_path):
    draws = way(-9.0, 0.5, 0.0)
    draws.trajectory[-1, 0, 0, 0, 0] = 1.0
    save_draws(draws, REAL, tmp_path / "way.apng")
    assert [pixel[0] for pixel, _ in frames(tmp_path / "way.apng")[0]] == [0, 128, 0]


def test_colors_stay_colors(tmp_path):
    draws = way(0.0, 200.0, channels=3)
    draws.trajectory[1, :, 1] = 50.0
    save_draws(draws, COLOR, tmp_path / "way.apng")
    assert frames(tmp_path / "way.apng")[0][1][0] == (200, 50, 200)


def test_draws_are_side_by_side_in_each_frame(tmp_path):
    save_draws(Draws(torch.zeros(5, 1, 48, 48), torch.zeros(3, 5, 1, 48, 48)), GREY, tmp_path / "way.gif")
    with Image.open(tmp_path / "way.gif") as image:
        assert image.size == (3 * 50 - 2, 2 * 50 - 2)


@pytest.mark.parametrize("num_frames", [1, 2, 21, 500])
def test_the_way_takes_about_three_seconds_in_frames_that_can_be_shown(num_frames):
    *before, last = frame_milliseconds(num_frames)
    assert len(before) == num_frames - 1
    assert all(20 <= each <= 200 and each % 10 == 0 for each in before)
    assert sum(before) <= 3000 or num_frames == 500
    assert last == 2000


def test_draws_without_a_trajectory_cannot_be_animated(tmp_path):
    with pytest.raises(UsageError, match=r"this sampler keeps none. Use .png"):
        save_draws(Draws(torch.zeros(1, 1, 48, 48)), GREY, tmp_path / "way.gif")
    assert list(tmp_path.iterdir()) == []


def test_another_ending_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(UsageError, match=r"must end in .png, .gif, .apng, .csv, .npz or .safetensors, got '.mp4'"):
        save_draws(way(1.0, 2.0), GREY, tmp_path / "way.mp4")
