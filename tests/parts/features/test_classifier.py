from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from genlab.errors import DataError, IncompatibleError
from genlab.interfaces import FeatureExtractor
from genlab.parts.accelerator.cpu import CPU
from genlab.parts.data.digits import Digits
from genlab.parts.features.classifier import Classifier

DIGITS = Digits().load()
ONE_CPU = CPU(precision="float32")


def images(*places: int) -> torch.Tensor:
    (batch,) = DIGITS.test.batches([torch.tensor(places)], torch.Generator())
    return batch.x


def classifier(weights: Path, *, steps: int = 2, seed: int = 0) -> FeatureExtractor:
    return Classifier(DIGITS, ONE_CPU, steps=steps, seed=seed, weights=weights)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "digits.safetensors"
    classifier(path, steps=60)
    return path


def test_it_learns_the_labels_and_says_how_well(trained):
    with safe_open(trained, framework="pt") as file:
        accuracy = float(file.metadata()["accuracy"])
    assert accuracy > 0.8
    assert f"right on {accuracy:.1%} of test data" in classifier(trained).protocol


def test_without_test_data_it_is_never_tested(tmp_path):
    data = replace(DIGITS, test=DIGITS.test.subset(torch.arange(0)))
    assert "never tested" in Classifier(data, ONE_CPU, steps=1, weights=tmp_path / "w").protocol


def test_the_weights_that_are_kept_give_the_same_features(tmp_path):
    x = images(0, 1, 2)
    fresh, kept = classifier(tmp_path / "kept", steps=3), classifier(tmp_path / "kept", steps=9, seed=5)
    assert torch.equal(fresh.features(x), kept.features(x))
    one, again, other = (classifier(tmp_path / f"{place}", seed=seed) for place, seed in enumerate((0, 0, 1)))
    assert torch.equal(one.features(x), again.features(x))
    assert not torch.equal(one.features(x), other.features(x))


def test_the_features_of_one_image_do_not_depend_on_the_others(trained):
    features = classifier(trained)
    together = features.features(images(0, 1, 2))
    torch.testing.assert_close(together[1:2], features.features(images(1)), rtol=1e-5, atol=1e-6)
    assert together.shape == (3, 128)
    assert together.dtype == torch.float64


def test_weights_are_kept_where_data_are_under_a_name_for_what_they_depend_on(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path))
    for keys in ({"steps": 1}, {"steps": 1}, {"steps": 2}, {"steps": 1, "seed": 1}):
        Classifier(DIGITS, ONE_CPU, **keys)
    assert len(list((tmp_path / "features").glob("classifier-*.safetensors"))) == 3
    Classifier(Digits(split_seed=1).load(), ONE_CPU, steps=1)
    assert len(list((tmp_path / "features").iterdir())) == 4
    Classifier(replace(DIGITS, spec=replace(DIGITS.spec, name="the same under another name")), ONE_CPU, steps=1)
    assert len(list((tmp_path / "features").iterdir())) == 4


def test_whoever_may_read_what_this_person_writes_may_read_the_weights(trained, tmp_path):
    (tmp_path / "other").touch()
    assert trained.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_global_randomness_is_neither_read_nor_changed(tmp_path):
    features = []
    for seed in (3, 4):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            before = torch.random.get_rng_state()
            features.append(classifier(tmp_path / f"{seed}").features(images(0)))
            assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(*features)


def test_a_file_of_something_else_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"w.safetensors must hold the weights of a classifier"):
        classifier(path)


def test_images_with_labels_are_needed(tmp_path):
    for spec in (replace(DIGITS.spec, num_classes=None), replace(DIGITS.spec, event_shape=(64,))):
        with pytest.raises(IncompatibleError, match="of images with labels"):
            Classifier(replace(DIGITS, spec=spec), ONE_CPU, weights=tmp_path / "w")
