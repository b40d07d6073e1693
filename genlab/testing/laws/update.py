"""Laws of update rules: what a step changes, and that it can be taken up again."""

import math
import tempfile
from pathlib import Path

import torch
from torch import Tensor

from genlab.assembly import Assembly
from genlab.interfaces import Batch
from genlab.ledger import Ledger
from genlab.run import TrainingState
from genlab.run.checkpoint import load_checkpoint, save_checkpoint
from genlab.testing.check import check
from genlab.testing.claims import UNLIKELY, claim, claim_equal, claim_finite, needed
from genlab.testing.randomness import global_generators_untouched, scramble_global_generators
from genlab.testing.snapshot import claim_same, constants, held, parts_unchanged
from genlab.testing.states import difference, unkept
from genlab.testing.subject import Subject

_FEW = 3
_MANY = 30
_NUM_NOISES = 16


def started(subject: Subject) -> TrainingState:
    """Return a run of a subject's setting at its beginning, in the precision runs have."""
    return TrainingState(subject.assembly(dtype=torch.float32, moved=False))


def stepped(state: TrainingState, num_steps: int) -> list[Ledger]:
    """Make steps, as the training loop does."""
    ledgers = []
    for _ in range(num_steps):
        ledgers.append(state.assembly.update.step(state.stream, generator=state.generator))
        state.step += 1
    return ledgers


@check("update")
def a_resumed_run_is_the_same_to_the_bit(subject: Subject) -> None:
    """Steps, a checkpoint, and steps in a fresh assembly end where as many steps without a break do, to the bit.

    A tensor that differs names what the state forgets: a moment, a counter, an average, a place in the data.
    """
    whole = started(subject)
    needed(whole.assembly.accelerator.device.type == "cpu", "only the CPU promises the same bits twice")
    stepped(whole, _FEW)
    with tempfile.TemporaryDirectory() as folder:
        path = save_checkpoint(Path(folder), _FEW, whole.state_dict(), keep=1)
        resumed = started(subject)
        resumed.load_state_dict(load_checkpoint(path))
    expected, found = stepped(whole, _FEW), stepped(resumed, _FEW)
    for number, (one, other) in enumerate(zip(found, expected, strict=True), start=_FEW + 1):
        for term, same in zip(one.terms, other.terms, strict=True):
            claim_equal(term.value, same.value, f"after resuming, term {term.name!r} of step {number}")
    claim_same(held(resumed.assembly), held(whole.assembly), "of a resumed run")
    mine, its = whole.assembly.update.state_dict(), resumed.assembly.update.state_dict()
    where = difference(its, mine, "state")
    claim(where is None, f"the state of a resumed run must be that of the whole run, but {where}")


@check("update")
def state_is_tensors_and_plain_values(subject: Subject) -> None:
    """`state_dict` holds nested dicts with string keys, of tensors, numbers, strings and lists, so no pickle is needed.

    A checkpoint keeps tensors as safetensors and the rest as JSON. A tuple comes back as a list and a numpy number
    not at all: turn them into what is listed above.
    """
    state = started(subject)
    stepped(state, 1)
    values = state.assembly.update.state_dict()
    problem = unkept(values, "state")
    claim(problem is None, f"state_dict() must hold tensors and plain values, got {problem}")
    with tempfile.TemporaryDirectory() as folder:
        found = load_checkpoint(save_checkpoint(Path(folder), 1, {"update": values}, keep=1))["update"]
    where = difference(found, values, "state")
    claim(where is None, f"state_dict() must survive a checkpoint, but {where}")


@check("update")
def steps_move_parameters_and_nothing_else(subject: Subject) -> None:
    """Some parameter moves within three steps; frozen ones, the data, and the constants of the parts do not.

    A constant is a buffer that `state_dict` does not hold: moved, it would be lost when the run is resumed.
    """
    state = started(subject)
    assembly, before = state.assembly, held(state.assembly)
    data = _training_rows(subject, assembly)
    stepped(state, _FEW)
    after = held(assembly)
    claim_equal(_training_rows(subject, assembly), data, "the training data after a step")
    fixed = constants(assembly)
    for name in fixed:
        claim_equal(after[name], before[name], f"{name}, which is frozen or a constant, after a step")
    moved = [name for name, value in before.items() if not torch.equal(after[name], value)]
    claim(bool(moved) or assembly.update.stop_reason is not None, f"{_FEW} steps must move a parameter, and moved none")


@check("update")
def a_step_returns_the_bound_detached(subject: Subject) -> None:
    """A step returns a ledger of finite terms with no graph behind them, so that keeping it keeps no memory."""
    for ledger in stepped(started(subject), _FEW):
        for term in ledger.terms:
            claim_finite(term.value, f"term {term.name!r}")
            claim(not term.value.requires_grad, f"term {term.name!r} of a step must be detached")
        objective = ledger.surrogate_objective
        claim(objective is None or not objective.requires_grad, "the objective of a step must be detached")


@check("update")
def steps_gain(subject: Subject) -> None:
    """What training minimizes, on the training data and averaged over noise, is not larger after thirty steps.

    A sign is the first suspect; then a learning rate that is too large for the setting.
    """
    state = started(subject)
    before = _objectives(subject, state.assembly)
    for _ in range(_MANY):
        if state.assembly.update.stop_reason is not None:
            break
        stepped(state, 1)
    worse = _objectives(subject, state.assembly) - before
    claim_finite(worse, "the objective")
    mean, se = worse.mean().item(), worse.std().item() / math.sqrt(_NUM_NOISES)
    scale = 1 + before.abs().mean().item()
    claim(
        mean <= UNLIKELY * se + 1e-3 * scale,
        f"the objective must not grow, got {before.mean().item():.6g} before and {mean:.3g} more after {state.step} "
        f"steps, with a standard error of {se:.2g}",
    )


@check("update")
def evaluation_weights_are_given_back(subject: Subject) -> None:
    """After `evaluation_weights`, even when left by an exception, the parameters are those of before, to the bit.

    Training that looked on its way then goes on as training that did not.
    """
    looking, straight = started(subject), started(subject)
    stepped(looking, _FEW)
    with parts_unchanged(looking.assembly, "evaluation_weights"), looking.assembly.update.evaluation_weights():
        pass
    with parts_unchanged(looking.assembly, "evaluation_weights left by an exception"):
        _leave_by_an_exception(looking.assembly)
    stepped(looking, _FEW)
    stepped(straight, 2 * _FEW)
    claim_same(held(looking.assembly), held(straight.assembly), "of a run that was looked at on its way")


@check("update")
def same_generator_same_steps(subject: Subject) -> None:
    """Two runs of one seed make the same steps, whatever the global generators hold, and leave those alone."""
    ends = []
    for seed in (1, 2):
        state = started(subject)
        scramble_global_generators(seed)
        with global_generators_untouched("a step"):
            stepped(state, _FEW)
        ends.append(held(state.assembly))
    claim_same(ends[1], ends[0], "of a second run with the same seed")


def _leave_by_an_exception(assembly: Assembly) -> None:
    try:
        with assembly.update.evaluation_weights():
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass


def _training_rows(subject: Subject, assembly: Assembly) -> Tensor:
    split = assembly.data.train
    (batch,) = split.batches([torch.arange(min(len(split), 256))], subject.generator(assembly, 0))
    return batch.x.clone()


@torch.no_grad()
def _objectives(subject: Subject, assembly: Assembly) -> Tensor:
    """Return what training minimizes on the training data, for the same noises each time, `(R,)`."""
    split = assembly.data.train
    indices = torch.arange(min(len(split), 256))
    (batch,) = split.batches([indices], subject.generator(assembly, 0))
    batch = Batch(batch.x, len(indices), batch.y)
    modes = [(module, module.training) for module in (assembly.model, assembly.family)]
    for module, _ in modes:
        module.eval()
    values = [
        assembly.elbo.estimate(assembly.model, assembly.family, batch, generator=subject.generator(assembly, seed))
        .objective(batch.num_data)
        .double()
        for seed in range(_NUM_NOISES)
    ]
    for module, training in modes:
        module.train(training)
    return torch.stack(values)
