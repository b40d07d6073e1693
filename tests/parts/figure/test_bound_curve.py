import torch
from toy import toy_assembly

from genlab.interfaces import FigureContext
from genlab.parts.figure.bound_curve import BoundCurve


def draw(history):
    assembly = toy_assembly()
    return BoundCurve().draw(
        FigureContext(assembly.model, assembly.family, assembly.data, None, history, torch.Generator())
    )


def test_the_curve_has_the_logged_points_of_training_and_validation():
    history = [{"step": s, "elbo_nats": -1.0 / s, "validation_elbo_nats": None if s < 3 else -2.0} for s in (1, 2, 3)]
    axes = draw(history).axes[0]
    assert [line.get_xdata().tolist() for line in axes.lines] == [[1, 2, 3], [3]]


def test_a_surrogate_has_an_axis_of_its_own():
    history = [{"step": s, "bits_per_dim": 2.0, "objective_simple": 0.1} for s in (1, 2)]
    assert len(draw(history).axes) == 2


def test_one_line_is_no_curve():
    assert draw([{"step": 1, "elbo_nats": 0.0}]) is None
