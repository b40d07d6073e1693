import pytest
import torch
from reference_recipes import DIFFUSION, MIXTURE, reference_registry

from genlab.recipe import Recipe
from genlab.testing import CannotRun, Subject
from genlab.testing.density import density_of
from genlab.testing.goodness import every_x
from genlab.testing.setting import setting_of

WHOLE = {
    "name": "density",
    "update": {"use": "gradient"},
    "train": {"steps": 1},
    "accelerator": {"use": "cpu", "precision": "float32"},
}


def subject_of(tables: dict[str, object]) -> Subject:
    return setting_of(Recipe.from_tables(WHOLE | tables), reference_registry()).subjects()[0]


def test_a_known_evidence_is_taken_as_it_is() -> None:
    subject = subject_of(DIFFUSION)
    assembly = subject.assembly()
    x = subject.batch(assembly, 3).x
    log_prob, se = density_of(subject, assembly).log_prob(x)
    torch.testing.assert_close(log_prob, assembly.model.log_evidence(x))
    assert not se.any()


def test_importance_weights_estimate_the_evidence_within_their_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    levels = {"use": "random-levels", "shape": [1], "levels": 3}
    chain = {**DIFFUSION["model"], "timesteps": 2, "first_beta": 0.5, "last_beta": 0.7}
    subject = subject_of(DIFFUSION | {"data": levels, "model": chain})
    assembly = subject.assembly()
    monkeypatch.setattr("genlab.testing.density.KnownEvidence", str)  # as if the model offered none
    states = every_x(assembly.data.spec, torch.zeros((), dtype=torch.float64))
    log_prob, se = density_of(subject, assembly).log_prob(states)
    off = (log_prob - assembly.model.log_evidence(states)).abs() / se
    assert off.max() < 4
    assert se.max() < 0.2


def test_a_sampler_s_own_density_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = subject_of(DIFFUSION)
    assembly = subject.assembly()
    monkeypatch.setattr(type(assembly.sampler), "log_density", lambda self, model, x: x.sum(1), raising=False)
    log_prob, _ = density_of(subject, assembly).log_prob(torch.ones(2, 2))
    assert log_prob.tolist() == [2.0, 2.0]


def test_observations_that_share_latents_have_no_density_of_one() -> None:
    subject = subject_of(MIXTURE)
    with pytest.raises(CannotRun, match="share latents"):
        density_of(subject, subject.assembly())
