from dataclasses import replace

import numpy as np
import pytest
import torch
from genlab_mixture.density_figure import MixtureDensity
from mixture_by_hand import build, example, in_memory

from genlab.interfaces import FigureContext


def context(num_dims, num_data=50, num_components=3):
    model, family, x = build(example(num_dims=num_dims, num_data=num_data, num_components=num_components))
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


def test_values_that_are_missing_leave_the_picture_as_it_is():
    whole = context(1)
    (batch,) = whole.data.train.in_order(50, whole.generator)
    rows = torch.cat([batch.x, torch.full((9, 1), torch.nan)])
    lacking = replace(whole, data=in_memory(rows, "shoppers"))
    curves = [MixtureDensity().draw(each).axes[0].lines[-1].get_xydata() for each in (whole, lacking)]
    np.testing.assert_array_equal(*curves)


@pytest.mark.parametrize("num_dims", [1, 2])
def test_of_many_components_the_legend_names_the_heaviest(num_dims):
    legend = MixtureDensity().draw(context(num_dims, num_components=60)).axes[0].get_legend()
    assert sum("weight" in text.get_text() for text in legend.get_texts()) == 10
    assert legend.get_title().get_text() == "and 50 lighter components"
