"""Laws of figures: a picture of the fitted parts that changes nothing."""

import io
from collections.abc import Mapping
from typing import Any

import torch
from matplotlib.figure import Figure as Canvas

from genlab.assembly import Assembly
from genlab.interfaces import Draws, Figure, FigureContext
from genlab.testing.check import check
from genlab.testing.claims import claim, needed
from genlab.testing.laws.sampler import drawn
from genlab.testing.randomness import global_generators_untouched, scramble_global_generators
from genlab.testing.snapshot import parts_unchanged
from genlab.testing.subject import Subject


def context_of(subject: Subject, assembly: Assembly, *, full: bool = True) -> FigureContext:
    """Return what a figure is given after a run: with draws and a history, or without either."""
    assembly.model.eval()
    assembly.family.eval()
    draws = None
    if full and assembly.sampler is not None:
        found = drawn(subject, assembly, 16)
        draws = Draws(found.x)
    history = _history(assembly) if full else []
    return FigureContext(assembly.model, assembly.family, assembly.data, draws, history, subject.generator(assembly, 3))


def picture(subject: Subject, assembly: Assembly, *, full: bool = True) -> Canvas | None:
    """Draw a subject's figure, as a run does."""
    figure = subject.part()
    assert isinstance(figure, Figure)
    with torch.no_grad():
        return figure.draw(context_of(subject, assembly, full=full))


@check("figure")
def a_figure_is_a_picture_or_nothing(subject: Subject) -> None:
    """`draw` returns a matplotlib figure that can be saved, or None; with draws and history, and without either."""
    assembly = subject.assembly(dtype=torch.float32)
    for full in (True, False):
        canvas = picture(subject, assembly, full=full)
        claim(
            canvas is None or isinstance(canvas, Canvas),
            f"draw must return a matplotlib figure or None, got {type(canvas).__name__}",
        )
        if canvas is not None and full:
            canvas.savefig(io.BytesIO(), format="png", dpi=20)


@check("figure")
def drawing_a_figure_changes_nothing(subject: Subject) -> None:
    """Drawing leaves model and family as they were, and every global generator.

    Whoever calls the figure has set the weights to look at; it must not train, move or seed anything.
    """
    assembly = subject.assembly(dtype=torch.float32)
    context = context_of(subject, assembly)
    figure = subject.part()
    what = "drawing a figure"
    with parts_unchanged(assembly, what), global_generators_untouched(what), torch.no_grad():
        figure.draw(context)


@check("figure")
def same_generator_same_picture(subject: Subject) -> None:
    """A figure drawn twice with generators of one seed is the same picture, whatever the global generators hold."""
    assembly = subject.assembly(dtype=torch.float32)
    pictures = []
    for seed in (1, 2):
        scramble_global_generators(seed)
        canvas = picture(subject, assembly)
        needed(canvas is not None, "the figure has nothing to show in this setting")
        assert canvas is not None
        pictures.append(_pixels(canvas))
    claim(pictures[0] == pictures[1], "the same figure must be the same picture twice, and it is not")


def _pixels(canvas: Canvas) -> bytes:
    stream = io.BytesIO()
    canvas.set_layout_engine("none")  # it takes longest, and draws nothing
    canvas.savefig(stream, format="rgba", dpi=30)
    return stream.getvalue()


def _history(assembly: Assembly) -> list[Mapping[str, Any]]:
    """Return lines as `metrics.jsonl` has them."""
    lines: list[Mapping[str, Any]] = []
    for step in range(1, 6):
        line = {"step": step, "elbo_nats": -2.0 / step, "objective": 2.0 / step, "term.likelihood_nats": -1.0 / step}
        if assembly.data.spec.levels is not None:
            line["bits_per_dim"] = 2.0 / step
        lines.append(line)
    return lines
