import json

import pytest
import torch

from genlab.errors import RunFolderError
from genlab.run.checkpoint import checkpoint_steps, load_checkpoint, save_checkpoint

STATE = {
    "model": {"weight": torch.arange(6.0).reshape(2, 3).t(), "count": torch.tensor(3)},
    "update": {"updates": 4, "moments": {"0": {"step": torch.tensor(2.0), "name": "adam", "betas": [0.9, 0.99]}}},
}


def assert_same(loaded, saved):
    assert loaded.keys() == saved.keys()
    for key, value in saved.items():
        if isinstance(value, dict):
            assert_same(loaded[key], value)
        elif isinstance(value, torch.Tensor):
            assert torch.equal(loaded[key], value)
            assert loaded[key].dtype == value.dtype
        else:
            assert loaded[key] == value


def test_nested_state_comes_back_as_it_was(tmp_path):
    path = save_checkpoint(tmp_path, 7, STATE, keep=2)
    assert path == tmp_path / "7"
    assert_same(load_checkpoint(path), STATE)


def test_only_the_newest_are_kept(tmp_path):
    for step in (5, 10, 15):
        save_checkpoint(tmp_path, step, STATE, keep=2)
    assert checkpoint_steps(tmp_path) == [10, 15]


def test_tensors_are_safetensors_and_the_rest_is_json(tmp_path):
    path = save_checkpoint(tmp_path, 7, STATE, keep=2)
    assert {file.suffix for file in path.iterdir()} == {".safetensors", ".json"}
    assert json.loads((path / "state.json").read_text())["step"] == 7


def test_a_folder_half_written_is_not_a_checkpoint(tmp_path):
    (tmp_path / ".9.tmp").mkdir()
    assert checkpoint_steps(tmp_path) == []


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove", "json"])
def test_a_damaged_checkpoint_is_one_clear_error(tmp_path, damage):
    path = save_checkpoint(tmp_path, 7, STATE, keep=2)
    file = path / "model.safetensors"
    content = bytearray(file.read_bytes())
    if damage == "flip":
        content[-1] ^= 1
        file.write_bytes(content)
    elif damage == "truncate":
        file.write_bytes(content[:10])
    elif damage == "remove":
        file.unlink()
    else:
        (path / "state.json").write_text('{"step"')
    with pytest.raises(RunFolderError, match="Delete this checkpoint's folder"):
        load_checkpoint(path)


@pytest.mark.parametrize("step", [3, 4])
def test_a_checkpoint_half_deleted_is_not_seen(tmp_path, monkeypatch, step):
    for earlier in (1, 2, 3):
        save_checkpoint(tmp_path, earlier, STATE, keep=2)

    def interrupted(path, ignore_errors=False):
        if path.name.endswith(".old") and not ignore_errors:
            next(path.glob("*.safetensors")).unlink()
            raise KeyboardInterrupt

    monkeypatch.setattr("genlab.run.checkpoint.shutil.rmtree", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(tmp_path, step, STATE, keep=2)
    for complete in checkpoint_steps(tmp_path):
        assert_same(load_checkpoint(tmp_path / str(complete)), STATE)
