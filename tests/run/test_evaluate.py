import dataclasses
import statistics
import weakref

import pytest
import torch
from toy import ToyFamily, ToyModel, ToySource, log_evidence, toy_assembly

from genlab.errors import DataError, UsageError
from genlab.interfaces import Diagnosis, EvalSettings
from genlab.ledger import Ledger
from genlab.parts.elbo.trace import Trace
from genlab.run.evaluate import evaluate


def with_settings(assembly, **changes):
    return type(assembly)(**(vars(assembly) | changes))


def test_at_the_exact_posterior_the_bound_is_the_mean_log_evidence_of_the_split():
    assembly = toy_assembly(family=ToyFamily(0.5, 0.5**0.5))
    evaluation = evaluate(assembly, "test")
    expected = log_evidence(assembly.data.test.x).mean().item()
    assert evaluation.metrics["elbo_nats"] == pytest.approx(expected, rel=1e-6)
    assert evaluation.metrics["elbo_nats_se"] < 1e-6
    assert evaluation.num_examples == 20


def test_the_rows_sum_to_the_bound():
    evaluation = evaluate(toy_assembly(), "test")
    assert sum(row.nats for row in evaluation.ledger) == pytest.approx(evaluation.metrics["elbo_nats"])


def test_evaluating_twice_gives_the_same_numbers():
    assembly = toy_assembly()
    assert evaluate(assembly, "test") == evaluate(assembly, "test")


def test_the_standard_error_is_the_spread_of_the_bound_over_seeds():
    bounds, errors = [], []
    for seed in range(200):
        metrics = evaluate(with_settings(toy_assembly(), seed=seed), "test").metrics
        bounds.append(metrics["elbo_nats"])
        errors.append(metrics["elbo_nats_se"] ** 2)
    assert statistics.fmean(errors) == pytest.approx(statistics.variance(bounds), rel=0.35)


@pytest.mark.usefixtures("rounding_to_tf32")
def test_nothing_is_rounded_to_tf32_while_a_bound_is_evaluated():
    seen = []

    class Watching(Trace):
        def estimate(self, *arguments, **keywords):
            seen.append((torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32))
            return super().estimate(*arguments, **keywords)

    evaluate(with_settings(toy_assembly(), eval_elbo=Watching()), "test")
    assert set(seen) == {(False, False)}
    assert torch.backends.cudnn.allow_tf32
    assert torch.backends.cuda.matmul.allow_tf32


def test_one_repeat_leaves_the_error_unknown():
    evaluation = evaluate(with_settings(toy_assembly(), eval=EvalSettings(repeats=1)), "test")
    assert evaluation.metrics["elbo_nats_se"] is None
    assert {row.se for row in evaluation.ledger} == {None}


def test_the_batch_size_does_not_change_which_examples_count():
    exact = ToyFamily(0.5, 0.5**0.5)
    bounds = [
        evaluate(with_settings(toy_assembly(family=exact), eval=EvalSettings(batch_size=size)), "test").metrics
        for size in (3, 20)
    ]
    assert bounds[0]["elbo_nats"] == pytest.approx(bounds[1]["elbo_nats"], rel=1e-6)


def test_an_unknown_and_an_empty_split_are_explained():
    with pytest.raises(UsageError, match="train, validation or test"):
        evaluate(toy_assembly(), "tets")
    empty = ToySource(sizes=(10, 0, 0)).load()
    with pytest.raises(DataError, match="test split of toy must not be empty"):
        evaluate(with_settings(toy_assembly(), data=empty), "test")


def test_evaluating_touches_no_global_randomness_and_no_parameter():
    assembly = toy_assembly(ema=0.9)
    before, state = torch.get_rng_state(), {k: v.clone() for k, v in assembly.family.state_dict().items()}
    evaluate(assembly, "train")
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(value, state[name]) for name, value in assembly.family.state_dict().items())


def test_fewer_examples_than_the_split_has_are_its_first_and_the_protocol_says_so():
    exact = toy_assembly(family=ToyFamily(0.5, 0.5**0.5))
    evaluation = evaluate(with_settings(exact, eval=EvalSettings(max_examples=7)), "test")
    expected = log_evidence(exact.data.test.x[:7]).mean().item()
    assert evaluation.metrics["elbo_nats"] == pytest.approx(expected, rel=1e-6)
    assert "first 7 of 20 examples" in evaluation.protocol


def test_no_ledger_is_kept_once_the_next_batch_is_there(monkeypatch):
    kept, most = weakref.WeakSet(), []
    make = Ledger.detach

    def watched(ledger):
        made = make(ledger)
        kept.add(made.terms[0].value)
        most.append(len(kept))
        return made

    monkeypatch.setattr(Ledger, "detach", watched)
    evaluate(with_settings(toy_assembly(), eval=EvalSettings(batch_size=1, repeats=2)), "test")
    assert len(most) == 40
    assert max(most) <= 4


class Talkative(ToyModel):
    """A model with something to say, in evaluation mode and without gradients."""

    def diagnose(self, family, batches, *, generator):
        assert not self.training
        assert not torch.is_grad_enabled()
        count = sum(len(batch.x) for batch in batches)
        return Diagnosis({"examples_seen": float(count)}, {"numbers": (1.0, 2.0)}, ("It is small.",))


def test_what_a_model_says_of_the_fit_stands_beside_the_bound():
    assembly = with_settings(toy_assembly(), model=Talkative())
    document = evaluate(assembly, "test", max_examples=7).as_json()
    assert document["metrics"]["examples_seen"] == 7.0
    assert document["series"] == {"numbers": [1.0, 2.0]}
    assert document["remarks"] == ["It is small."]
    assert "examples_seen" not in evaluate(assembly, "test", diagnose=False).metrics


def test_what_a_model_says_changes_no_other_number():
    told, untold = (evaluate(with_settings(toy_assembly(), model=model), "test") for model in (Talkative(), ToyModel()))
    assert {name: told.metrics[name] for name in untold.metrics} == untold.metrics


def test_what_estimates_tell_of_themselves_is_averaged_over_examples(monkeypatch):
    plain = Trace.estimate

    def measured(self, model, family, batch, *, generator):
        ledger = plain(self, model, family, batch, generator=generator)
        return Ledger(ledger.terms, measures={"first_number": batch.x[:, 0]})

    monkeypatch.setattr(Trace, "estimate", measured)
    assembly = toy_assembly()
    expected = assembly.data.test.x.mean().item()
    assert evaluate(assembly, "test").metrics["first_number"] == pytest.approx(expected)


def test_a_bound_is_named_after_its_estimator_and_how_its_data_were_made_binary(monkeypatch):
    assembly = toy_assembly()
    assert "elbo_static_binarization_nats" not in evaluate(assembly, "test").metrics
    static = dataclasses.replace(assembly.data.spec, binarization="static")
    assembly = with_settings(assembly, data=dataclasses.replace(assembly.data, spec=static))
    metrics = evaluate(assembly, "test").metrics
    assert metrics["elbo_static_binarization_nats"] == metrics["elbo_nats"]
    monkeypatch.setattr(assembly.eval_elbo, "bound_name", "log_evidence_iw7")
    metrics = evaluate(assembly, "test").metrics
    assert metrics["log_evidence_iw7_static_binarization_nats"] == metrics["elbo_nats"]
    assert metrics["log_evidence_iw7_static_binarization_nats_se"] == metrics["elbo_nats_se"]
