import numpy as np
import pytest
import torch
from genlab_mixture.responsibility_figure import MixtureResponsibilities
from mixture_by_hand import build, example, in_memory

from genlab.interfaces import FigureContext


def context(num_dims, num_components=3):
    model, family, x = build(example(num_dims=num_dims, num_components=num_components, num_data=40))
    return FigureContext(model, family, in_memory(x, "shoppers"), None, [], torch.Generator())


def test_in_one_dimension_the_shares_fill_the_picture():
    axes = MixtureResponsibilities().draw(context(1)).axes[0]
    shares = [collection for collection in axes.collections if collection.get_paths()]
    assert len(shares) == 3
    top = max(path.vertices[:, 1].max() for collection in shares for path in collection.get_paths())
    assert top == pytest.approx(1)


def test_in_two_dimensions_points_wear_the_mixed_colours_of_their_components():
    here = context(2)
    axes = MixtureResponsibilities().draw(here).axes[0]
    colors = np.asarray(axes.collections[0].get_facecolors())
    assert colors.shape == (40, 4)
    x = next(iter(here.data.train.batches([torch.arange(40)], torch.Generator()))).x
    surest = here.family.posterior(x).log_phi.exp().detach().max(0).values.argmax()
    tab10 = np.array([[31, 119, 180], [255, 127, 14], [44, 160, 44]]) / 255
    assert np.abs(tab10 - colors[surest, :3]).sum(1).min() < 0.3


def test_in_more_dimensions_every_observation_is_a_column_that_sums_to_one():
    axes = MixtureResponsibilities().draw(context(3)).axes[0]
    picture = np.asarray(axes.images[0].get_array())
    assert picture.shape == (3, 40)
    assert picture.sum(0) == pytest.approx(np.ones(40))
    assert (np.diff(picture.argmax(0)) >= 0).all()


def test_one_component_has_no_picture():
    assert MixtureResponsibilities().draw(context(1, num_components=1)) is None


def test_of_many_components_the_legend_names_some():
    axes = MixtureResponsibilities().draw(context(1, num_components=60)).axes[0]
    assert len(axes.get_legend().get_texts()) == 20
    assert len([collection for collection in axes.collections if collection.get_paths()]) == 60
