"""What the posterior says: of the latents all observations share, and of each observation."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from torch import Tensor

from genlab.assembly.assembly import Assembly
from genlab.assembly.streams import stream_seed
from genlab.errors import DataError, UsageError
from genlab.interfaces import LatentSummary, Split
from genlab.run.column_file import named_columns
from genlab.run.looking import looking_at


def shared_latents(assembly: Assembly, *, interval: float = 0.95) -> Sequence[LatentSummary]:
    """Return what q says of each number among the latents that all observations share; empty where there are none.

    Args:
        assembly: a fitted assembly.
        interval: the probability inside each credible interval.

    Raises:
        UsageError: when that is no probability between 0 and 1.
    """
    if not 0 < interval < 1:
        raise UsageError(f"the credible interval must hold a probability between 0 and 1, got {interval:g}.")
    with looking_at(assembly):
        return assembly.family.describe(interval, assembly.data.truth)


def can_infer(assembly: Assembly) -> bool:
    """Whether the posterior has anything to say, of an observation or of what all share."""
    generator = assembly.accelerator.generator(stream_seed(assembly.seed, "evaluation"))
    with looking_at(assembly):
        first = next(assembly.data.train.in_order(1, generator, stop=1))
        of_one = assembly.family.posterior(first.x).describe()
        return bool(of_one) or bool(assembly.family.describe(0.5, {}))


def other_data(assembly: Assembly, path: Path) -> Split:
    """Read other observations as the recipe's own data are read, all of them one split on the assembly's device.

    Raises:
        DataError: when the file is missing, malformed or of another shape.
        UsageError: when the recipe's data are read from no file.
    """
    return assembly.source.open(path, assembly.data.spec).to(assembly.accelerator.device)


def observations(assembly: Assembly, split: Split) -> Iterator[dict[str, Tensor]]:
    """Yield what q says of each observation, a batch at a time, in order.

    Args:
        assembly: a fitted assembly.
        split: the observations, of the data's own or from `other_data`.

    Yields:
        Columns by name, `(B,)` or `(B, k)`: those of x where it is a vector, then those the posterior describes.

    Raises:
        UsageError: when the posterior describes nothing.
        DataError: when a value is missing and the model does not accept that.
    """
    spec = assembly.data.spec
    generator = assembly.accelerator.generator(stream_seed(assembly.seed, "evaluation"))
    done = 0
    with looking_at(assembly):
        for batch in split.in_order(assembly.eval.batch_size, generator):
            incomplete = batch.x.isnan().flatten(1).any(1)
            described = assembly.family.posterior(batch.x).describe()
            if bool(incomplete.any()) and not (assembly.model.accepts_missing and _is_known(described, incomplete)):
                raise _lacking(assembly, batch.x, done)
            if not described:
                raise UsageError(
                    f"the posterior of {type(assembly.family).__name__} must describe observations, and has nothing "
                    "to say of them. Evaluate or sample from this run instead."
                )
            own = named_columns(batch.x, spec.columns) if batch.x.ndim == 2 else {}
            yield own | described
            done += len(batch.x)


def _lacking(assembly: Assembly, x: Tensor, num_before: int) -> DataError:
    """Return the error that names the first missing value of a batch, which `num_before` observations precede."""
    model, columns = assembly.model, assembly.data.spec.columns
    kind = f"this kind of {type(model).__name__}" if model.accepts_missing else f"model {type(model).__name__}"
    row, column = x.flatten(1).isnan().nonzero()[0].tolist()
    where = f"row {num_before + row + 1}" + (f", column {columns[column]!r}" if columns else "")
    return DataError(f"every value must be there for {kind}, got a missing one in {where}. Take that row out.")


def _is_known(described: Mapping[str, Tensor], rows: Tensor) -> bool:
    """Whether the posterior has numbers for these rows: some kinds of a model may need every value."""
    return not any(bool(column[rows].isnan().any()) for column in described.values())
