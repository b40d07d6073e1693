import math
import os
import signal
import sys
import warnings
from dataclasses import replace

import pytest
import torch
from toy import ToyFamily, ToyPosterior, toy_assembly

from genlab.discovery import Registry
from genlab.errors import NonFiniteError
from genlab.interfaces import UpdateRule
from genlab.ledger import Ledger
from genlab.parts.elbo.trace import Trace
from genlab.parts.update.gradient import Gradient
from genlab.plugin import hookimpl
from genlab.run.draw import draw
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


def test_a_bound_that_is_not_finite_names_the_recipe_the_step_and_the_term_it_began_with():
    with pytest.raises(NonFiniteError, match=r"term 'likelihood' .* got nan \(step 1 of toy\).*update.lr"):
        fit(toy_assembly(family=ToyFamily(slope=float("nan"))))

    class Breaking(Gradient):
        def step(self, data, *, generator):
            ledger = super().step(data, generator=generator)
            first, *others = ({7: math.inf, 8: math.nan}.get(self._updates, 0.0) + term.value for term in ledger.terms)
            values = [first if self._updates == 8 else ledger.terms[0].value, *others]
            return Ledger([replace(term, value=value) for term, value in zip(ledger.terms, values, strict=True)])

    assembly = toy_assembly(steps=100)
    rule = Breaking(assembly.model, assembly.family, assembly.elbo, assembly.accelerator, assembly.train)
    with pytest.raises(NonFiniteError, match=r"term 'prior' of the bound must be finite, got inf \(step 7 of toy\)"):
        fit(type(assembly)(**(vars(assembly) | {"update": rule})))


def test_every_logged_line_carries_the_bound_and_its_terms(tmp_path):
    folder = make_folder(tmp_path)
    fit(toy_assembly(steps=12), folder=folder)
    lines = folder.metrics()
    assert [line["step"] for line in lines] == sorted({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    terms = [value for key, value in lines[0].items() if key.startswith("term.")]
    assert sum(terms) == pytest.approx(lines[0]["elbo_nats"])
    assert lines[0]["objective"] == pytest.approx(-lines[0]["elbo_nats"])
    assert lines[-1]["validation_elbo_nats"] is not None


def test_a_validation_bound_is_logged_under_its_name_too(tmp_path, monkeypatch):
    folder, assembly = make_folder(tmp_path), toy_assembly(steps=2)
    monkeypatch.setattr(assembly.eval_elbo, "bound_name", "log_evidence_iw7")
    fit(assembly, folder=folder)
    line = folder.metrics()[-1]
    assert line["validation_log_evidence_iw7_nats"] == line["validation_elbo_nats"]


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


def test_parameters_that_are_no_numbers_never_replace_a_good_checkpoint(tmp_path):
    class Breaking(Gradient):
        def step(self, data, *, generator):
            ledger = super().step(data, generator=generator)
            if self._updates == 6:
                self._family.slope.data.fill_(float("nan"))
            return ledger

    assembly = toy_assembly(steps=100)
    rule = Breaking(assembly.model, assembly.family, assembly.elbo, assembly.accelerator, assembly.train)
    settings = type(assembly.train)(steps=100, log_every=50, validate_every=100, checkpoint_every=2)
    assembly = type(assembly)(**(vars(assembly) | {"update": rule, "train": settings}))
    folder = make_folder(tmp_path)
    with pytest.raises(NonFiniteError, match=r"parameter 'family.slope' .* step 6.* The last checkpoint is of step 4"):
        fit(assembly, folder=folder)
    assert folder.load_checkpoint()["progress"]["step"] == 4


def test_without_a_checkpoint_none_is_promised(tmp_path):
    with pytest.raises(NonFiniteError) as raised:
        fit(toy_assembly(family=ToyFamily(slope=float("nan"))), folder=make_folder(tmp_path))
    assert "checkpoint" not in str(raised.value)


def test_a_signal_during_the_last_validation_still_interrupts(monkeypatch):
    def interrupted(*arguments, **settings):
        os.kill(os.getpid(), signal.SIGTERM)
        return evaluate(*arguments, **settings)

    monkeypatch.setattr(sys.modules["genlab.run.fit"], "evaluate", interrupted)
    assembly = toy_assembly(steps=3)
    settings = type(assembly.train)(steps=3, validate_every=3)
    progress = fit(type(assembly)(**(vars(assembly) | {"train": settings})))
    assert (progress.status, progress.signal) == ("interrupted", signal.SIGTERM)


def test_a_checkpoint_of_another_device_type_goes_on_with_streams_of_its_own():
    there = TrainingState(toy_assembly())
    state = there.state_dict()
    state["progress"] |= {"step": 3, "device": "cuda", "training_generator": torch.zeros(16, dtype=torch.uint8)}
    here = TrainingState(toy_assembly())
    here.load_state_dict(state)
    assert not torch.equal(here.generator.get_state(), there.generator.get_state())


def test_drawing_in_a_hook_does_not_change_training():
    class Dropping(ToyFamily):
        """A family that is another one in training mode."""

        def posterior(self, x):
            mean = self.slope * x * (2.0 if self.training else 1.0)
            return ToyPosterior(mean, self.log_scale.exp().expand_as(x))

    class Drawing:
        @hookimpl
        def genlab_step_logged(self, run, metrics):
            draw(run.assembly, 1)

    registry = Registry([])
    registry.hooks.register(Drawing())
    undisturbed, disturbed = (toy_assembly(steps=12, family=Dropping()) for _ in range(2))
    fit(undisturbed)
    fit(disturbed, hooks=registry.hooks)
    assert torch.equal(undisturbed.family.slope, disturbed.family.slope)


def test_an_epoch_is_one_pass_through_the_data_however_it_is_read(tmp_path):
    class Sweeping(Gradient):
        def step(self, data, *, generator):
            list(data.sweep())
            return super().step(data, generator=generator)

    assembly = toy_assembly(steps=5)
    rule = Sweeping(assembly.model, assembly.family, assembly.elbo, assembly.accelerator, assembly.train)
    progress = fit(type(assembly)(**(vars(assembly) | {"update": rule})))
    assert progress.metrics["epoch"] == pytest.approx(5 * (1 + 16 / 50))


def test_the_estimator_hears_which_step_begins_in_a_resumed_run_too(monkeypatch):
    heard = []
    monkeypatch.setattr(Trace, "begin_step", lambda self, step: heard.append(step))
    state = TrainingState(toy_assembly(steps=3))
    fit(state.assembly, state=state)
    resumed = TrainingState(toy_assembly(steps=5))
    resumed.load_state_dict(state.state_dict())
    fit(resumed.assembly, state=resumed)
    assert heard == [0, 1, 2, 3, 4]
