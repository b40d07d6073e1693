"""One line of the table of candidates: what was fitted and how good it is.

    corrected = bound on all training data + log symmetries

A model of K alike components has K! equal modes and the posterior sits in one of them, so the bound is up to log K!
below the log evidence, more the larger K is; the correction takes that away before models are compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from genlab.assembly.assembly import Assembly
from genlab.recipe.candidate_words import candidate_words
from genlab.run.evaluate import evaluate
from genlab.run.progress import Status


@dataclass(frozen=True, kw_only=True)
class CandidateRow:
    """A candidate, as `run.json` holds it.

    Attributes:
        label: names its folder.
        values: its values by dotted key.
        restart: which initialisation, from 1.
        status: as a run's; `running` while it is being fitted.
        reason: why it ended, in words; empty when all steps were done.
        step: steps done.
        seconds: how long it took.
        elbo_total_nats: the bound on all training data; None before it ended, or where it failed.
        elbo_total_nats_se: its Monte Carlo standard error; 0 when exact, None where it is not known.
        log_symmetries_nats: what is added to it.
        corrected_nats: the sum, which decides.
        error: what went wrong; empty otherwise.
        remarks: what the model says of the fit.
    """

    label: str
    values: Mapping[str, Any]
    restart: int
    status: Status
    reason: str = ""
    step: int = 0
    seconds: float = 0.0
    elbo_total_nats: float | None = None
    elbo_total_nats_se: float | None = None
    log_symmetries_nats: float = 0.0
    corrected_nats: float | None = None
    error: str = ""
    remarks: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the object that `run.json` holds."""
        return asdict(self)

    @property
    def words(self) -> str:
        """What tells it from the others: `components = 2, restart 3`."""
        return candidate_words(self.as_json())


def evaluated_fields(assembly: Assembly) -> dict[str, Any]:
    """Return the bound on the training data, N * sum(local) + sum(global), and what the model says of the fit.

    With `eval.max_examples` the local terms are estimated on so many examples; N is the number of all of them.
    """
    evaluation = evaluate(assembly, "train")
    num_data = len(assembly.data.train)
    total = sum(row.nats * (num_data if row.scope == "local" else 1) for row in evaluation.ledger)
    error = evaluation.metrics["elbo_nats_se"]
    symmetries = float(assembly.model.log_symmetries)
    return {
        "elbo_total_nats": total,
        "elbo_total_nats_se": None if error is None else error * num_data,
        "log_symmetries_nats": symmetries,
        "corrected_nats": total + symmetries,
        "remarks": evaluation.remarks,
    }


def pick(rows: Sequence[CandidateRow]) -> CandidateRow | None:
    """Return the row of the largest corrected bound, the first of equals; None where none has a bound."""
    bounded = [row for row in rows if row.corrected_nats is not None]
    return max(bounded, key=lambda row: row.corrected_nats or 0.0) if bounded else None


def pick_reason(rows: Sequence[CandidateRow]) -> str:
    """Say in words why the picked row is the best: by how much, over which, and whether that is within the error."""
    best = pick(rows)
    if best is None or best.corrected_nats is None:
        return ""
    others = [row for row in rows if row.corrected_nats is not None and row.label != best.label]
    rivals = [row for row in others if row.values != best.values] or others
    second = pick(rivals)
    if second is None or second.corrected_nats is None:
        return "the only candidate with a bound"
    gap = best.corrected_nats - second.corrected_nats
    if gap == 0:
        return f"the first of several with the largest bound, as large as that of {second.words}"
    error = ((best.elbo_total_nats_se or 0.0) ** 2 + (second.elbo_total_nats_se or 0.0) ** 2) ** 0.5
    doubt = ", which is within the Monte Carlo error" if gap < 2 * error else ""
    return f"the largest bound, {gap:.4g} nats above {second.words}{doubt}"
