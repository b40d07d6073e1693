import os
import signal
import warnings

import pytest
import torch
from toy import ToyFamily, toy_assembly

from genlab.discovery import Registry
from genlab.errors import NonFiniteError
from genlab.interfaces import UpdateRule
from genlab.plugin import hookimpl
from genlab.run.evaluate import evaluate
from genlab.run.fit import fit
from genlab.run.folder import RunFolder
from genlab.run.state import TrainingState


def make_folder(tmp_path):
    return RunFolder.create(tmp_path, "toy", "", "", {"versions": {"genlab": "0"}})


def same_bits(one, other):
    tensors = [
        (a, b)
        for part in ("model", "family", "update", "progress")
        for a, b in zip(flatten(one[part]), flatten(other[part]), strict=True)
    ]
    return all(torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b for a, b in tensors)


def flatten(value):
    if isinstance(value, dict):
        return [item for key, entry in value.items() if key != "elapsed_seconds" for item in flatten(entry)]
    return [value]


def test_fitting_approaches_the_exact_posterior():
    assembly = toy_assembly(steps=600, samples=4, lr=0.02)
    fit(assembly)
    assert assembly.family.slope.item() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("options", [{"ema": 0.9}, {"optimizer": "sgd", "options": {"momentum": 0.9}}])
def test_a_resumed_run_ends_with_the_same_bits(tmp_path, options):
    through = TrainingState(toy_assembly(steps=17, **options))
    fit(through.assembly, state=through)

    folder = make_folder(tmp_path)
    stopped = toy_assembly(steps=17, **options)
    stopped = type(stopped)(**(vars(stopped) | {"train": type(stopped.train)(steps=7, log_every=5)}))
    fit(stopped, folder=folder)
    resumed = TrainingState(toy_assembly(steps=17, **options))
    resumed.load_state_dict(folder.load_checkpoint())
    assert resumed.step == 7
    fit(resumed.assembly, state=resumed)
    assert same_bits(resumed.state_dict(), through.state_dict())


def test_logging_and_validating_do_not_change_training():
    quiet, noisy = TrainingState(toy_assembly(steps=10)), toy_assembly(steps=10)
    settings = type(noisy.train)(steps=10, log_every=1, validate_every=1)
    noisy = TrainingState(type(noisy)(**(vars(noisy) | {"train": settings})))
    fit(quiet.assembly, state=quiet)
    fit(noisy.assembly, state=noisy)
    assert same_bits(quiet.state_dict(), noisy.state_dict())


def test_an_interruption_ends_after_the_step_with_a_checkpoint(tmp_path):
    class Interrupting:
        @hookimpl
        def genlab_step_logged(self, run, metrics):
            if run.step == 10:
                os.kill(os.getpid(), signal.SIGINT)

    registry = Registry([])
    registry.hooks.register(Interrupting())
    folder = make_folder(tmp_path)
    progress = fit(toy_assembly(steps=1000), folder=folder, hooks=registry.hooks)
    assert (progress.status, progress.signal, progress.step) == ("interrupted", signal.SIGINT, 11)
    assert folder.load_checkpoint()["progress"]["step"] == 11


def test_the_signal_handlers_are_as_before_afterwards():
    before = signal.getsignal(signal.SIGINT)
    fit(toy_assembly(steps=1))
    assert signal.getsignal(signal.SIGINT) is before


def test_a_time_limit_stops_with_its_own_status():
    progress = fit(toy_assembly(steps=100_000), max_time_seconds=0.0)
    assert (progress.status, progress.step) == ("time limit", 1)


def test_an_update_rule_with_nothing_left_to_gain_ends_the_run():
    class Still(UpdateRule):
        def __init__(self, inner):
            self.inner, self.stop_reason = inner, None

        def step(self, data, *, generator):
            self.stop_reason = "converged: the bound stands still"
            return self.inner.step(data, generator=generator)

        def state_dict(self):
            return {}

        def load_state_dict(self, state):
            pass

    assembly = toy_assembly(steps=100)
    assembly = type(assembly)(**(vars(assembly) | {"update": Still(assembly.update)}))
    progress = fit(assembly)
    assert (progress.status, progress.reason, progress.step) == ("converged", "converged: the bound stands still", 1)


def test_a_bound_that_is_not_finite_names_the_term_and_the_steps():
    with pytest.raises(NonFiniteError, match=r"term 'likelihood' .* \(steps 1 to 2 of toy\).*update.lr"):
        fit(toy_assembly(family=ToyFamily(slope=float("nan"))))


def test_every_logged_line_carries_the_bound_and_its_terms(tmp_path):
    folder = make_folder(tmp_path)
    fit(toy_assembly(steps=12), folder=folder)
    lines = folder.metrics()
    assert [line["step"] for line in lines] == sorted({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    terms = [value for key, value in lines[0].items() if key.startswith("term.")]
    assert sum(terms) == pytest.approx(lines[0]["elbo_nats"])
    assert lines[0]["objective"] == pytest.approx(-lines[0]["elbo_nats"])
    assert lines[-1]["validation_elbo_nats"] is not None


def test_a_hook_that_raises_does_not_stop_the_run():
    class Broken:
        @hookimpl
        def genlab_run_started(self, run):
            raise RuntimeError("no")

    registry = Registry([])
    registry.hooks.register(Broken(), "broken")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert fit(toy_assembly(steps=2), hooks=registry.hooks).status == "finished"
    assert "broken" in str(caught[0].message)


def test_evaluation_uses_the_averaged_weights():
    assembly = toy_assembly(steps=30, ema=0.99, lr=0.05)
    fit(assembly)
    current = assembly.family.slope.item()
    with assembly.update.evaluation_weights():
        averaged = assembly.family.slope.item()
    assert averaged != current
    assert assembly.family.slope.item() == current
    assert evaluate(assembly, "test").metrics["elbo_nats"] is not None
