import pytest
import torch
from genlab_mixture.density_figure import MixtureDensity
from mixture_by_hand import build, example, in_memory

from genlab.interfaces import FigureContext


def context(num_dims, num_data=50):
    model, family, x = build(example(num_dims=num_dims, num_data=num_data))
    return FigureContext(model, family, in_memory(x, "shoppers"), None, [], torch.Generator())


@pytest.mark.parametrize("num_dims", [1, 2])
@pytest.mark.parametrize("num_data", [1, 50])
def test_one_and_two_dimensions_have_a_picture(num_dims, num_data):
    canvas = MixtureDensity().draw(context(num_dims, num_data))
    assert canvas is not None
    axes = canvas.axes[0]
    assert f"shoppers: {num_data} training observations" in axes.get_title()
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert sum("weight" in label for label in labels) == 3


def test_the_predictive_density_integrates_to_one():
    canvas = MixtureDensity().draw(context(1))
    assert canvas is not None
    curve = next(line for line in canvas.axes[0].lines if line.get_label() == "predictive density")
    x, y = torch.as_tensor(curve.get_xdata()), torch.as_tensor(curve.get_ydata())
    assert torch.trapezoid(y, x).item() == pytest.approx(1, abs=0.05)


def test_more_dimensions_have_no_picture():
    assert MixtureDensity().draw(context(3)) is None
