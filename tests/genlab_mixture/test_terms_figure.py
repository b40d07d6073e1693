import numpy as np
import pytest
import torch
from genlab_mixture.terms_figure import MixtureTerms
from mixture_by_hand import build, example, in_memory

from genlab.interfaces import FigureContext

TERMS = {"likelihood": (-3.0, -2.0), "assignment_entropy": (0.5, 0.25), "mean_prior": (-40.0, -20.0)}


def context(lines):
    model, family, x = build(example(num_data=40))
    return FigureContext(model, family, in_memory(x, "shoppers"), None, lines, torch.Generator())


def line(index):
    terms = {f"term.{name}_nats": values[index] for name, values in TERMS.items()}
    return {"step": index + 1, "elbo_nats": -3.5 if index == 0 else -2.25, **terms}


def test_what_is_stacked_adds_up_to_the_bound():
    here = context([line(0), line(1)])
    axes = MixtureTerms().draw(here).axes[0]
    spans = np.array(
        [[path.vertices[:, 1].min(), path.vertices[:, 1].max()] for c in axes.collections for path in c.get_paths()]
    )
    num_data = len(here.data.train)
    # The highest and the lowest point of all layers are the terms above and below zero at the first step.
    assert spans.max() == pytest.approx(0.5)
    assert spans.min() == pytest.approx(-3.0 - 40.0 / num_data)
    bound = next(one for one in axes.lines if "bound" in one.get_label())
    assert list(bound.get_ydata()) == [-3.5, -2.25]


def test_before_two_lines_there_is_no_picture():
    assert MixtureTerms().draw(context([line(0)])) is None
