"""Score a run's draws by several samplers, or by one with several values of its keys.

sampler.use = ddim, heun      sampler.steps = 5, 10, 20      six scores, against the same observations
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from genlab.assembly import with_sampler
from genlab.discovery import Registry, discover
from genlab.errors import UsageError
from genlab.recipe import check, read_recipe
from genlab.recipe.overrides import read_choices, read_overrides
from genlab.recipe.scanning import Key, dotted
from genlab.recipe.signature import signature_of
from genlab.recipe.values import shown
from genlab.run.folder import RunFolder
from genlab.run.plugin_files import plugin_files_of
from genlab.run.reopen import open_run
from genlab.run.score import Score, Scoring

_USE = ("sampler", "use")
_Choice = dict[Key, Any]


def score_samplers(
    folder: Path,
    choices: Sequence[str],
    overrides: Sequence[str] = (),
    *,
    num_draws: int | None = None,
    split: str = "test",
    seed: int | None = None,
    registry: Registry | None = None,
) -> Iterator[tuple[Mapping[str, Any], Score]]:
    """Score a run by each combination of choices; what is wrong with one is raised before any has drawn.

    Args:
        folder: a run folder.
        choices: keys of the sampler with their values, `sampler.steps=5,10,20`. Where `sampler.use` is one of them,
            each other key is for the samplers that take it.
        overrides: changes to the recipe that all have in common, `key=value` each.
        num_draws, split, seed: as for `genlab.score`.
        registry: the installed plugins; by default they are discovered.

    Yields:
        The choice by dotted key, `{"sampler.use": "heun", "sampler.steps": 10}`, and its score.

    Raises:
        UsageError: when something else than the sampler is to be chosen.
        GenlabError: as `open_run` and `score` do.
    """
    registry = registry or discover()
    wanted: dict[Key, tuple[Any, ...]] = dict(read_choices(text) for text in choices)
    for key in wanted:
        if key[0] != "sampler" or len(key) == 1:
            raise UsageError(f"--each must be of a key of the sampler, such as sampler.steps, got {dotted(key)!r}.")
    opened = RunFolder(Path(folder))
    common = [text for text in overrides if "sampler" not in read_overrides([text]).tables]
    assembly = open_run(folder, common, registry).assembly
    variants = []
    with plugin_files_of(opened, registry):
        resolved = opened.fitted().resolved_recipe()
        for choice in _combinations(resolved, overrides, wanted, registry):
            checked = check(read_recipe(resolved, [*overrides, *_texts(choice)]), registry)
            variants.append((choice, with_sampler(assembly, checked)))
    scoring = Scoring(assembly, num_draws, split=split)
    for choice, variant in variants:
        yield {dotted(key): value for key, value in choice.items()}, scoring.score(variant, seed=seed)


def _combinations(
    resolved: Path, overrides: Sequence[str], wanted: Mapping[Key, tuple[Any, ...]], registry: Registry
) -> list[_Choice]:
    """Return what each score shall be of: samplers first, and of each the keys it takes, the last key fastest."""
    uses: list[_Choice] = [{_USE: name} for name in wanted.get(_USE, ())] or [{}]
    keys = [key for key in wanted if key != _USE]
    taken = []
    for use in uses:
        checked = check(read_recipe(resolved, [*overrides, *_texts(use)]), registry)
        part = checked.parts.get("sampler")
        taken.append({key.name for key in signature_of(part.target).keys} if part else set())
    known = set().union(*taken)
    found = []
    for use, names in zip(uses, taken, strict=True):
        ours = [key for key in keys if key[1] in names or key[1] not in known]  # what none takes is told as a fault
        values = itertools.product(*(wanted[key] for key in ours))
        found += [use | dict(zip(ours, chosen, strict=True)) for chosen in values]
    return found


def _texts(choice: _Choice) -> list[str]:
    return [f"{dotted(key)}={shown(value)}" for key, value in choice.items()]
