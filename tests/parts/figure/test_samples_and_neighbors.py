from dataclasses import replace

import torch
from toy import toy_assembly

from genlab.interfaces import Draws, FigureContext
from genlab.parts.data.digits import Digits
from genlab.parts.figure.samples_and_neighbors import NUM_SHOWN, SamplesAndNeighbors

DIGITS = Digits().load()


def images(split, *places):
    (batch,) = split.batches([torch.tensor(places)], torch.Generator())
    return batch.x


def draw(x, data=DIGITS):
    assembly = toy_assembly()
    draws = None if x is None else Draws(x)
    return SamplesAndNeighbors().draw(
        FigureContext(assembly.model, assembly.family, data, draws, [], torch.Generator())
    )


def shown(canvas):
    """Return the pictures above and below, and the numbers."""
    (axes,) = canvas.axes
    pictures = [torch.from_numpy(image.get_array().data) for image in axes.images]
    half = len(pictures) // 2
    return torch.stack(pictures[:half]), torch.stack(pictures[half:]), [float(text.get_text()) for text in axes.texts]


def test_a_memorized_image_stands_first_above_its_original_at_distance_zero():
    x = torch.cat([images(DIGITS.test, 3, 4), images(DIGITS.train, 700)])
    above, below, labels = shown(draw(x))
    torch.testing.assert_close(above[0].float() * 16, images(DIGITS.train, 700)[0, 0])
    torch.testing.assert_close(below[0], above[0])
    assert labels[0] == 0
    assert labels == sorted(labels)


def test_every_draw_stands_above_the_training_image_nearest_to_it():
    x = images(DIGITS.test, 0, 1, 2)
    above, below, _ = shown(draw(x))
    train = images(DIGITS.train, *range(len(DIGITS.train))).flatten(1)
    for one, other in zip(above.float() * 16, below.float() * 16, strict=True):
        distances = (train - one.flatten()).square().sum(1)
        assert (other.flatten() - one.flatten()).square().sum() == distances.min()


def test_test_images_are_about_as_far_as_test_images():
    _, _, labels = shown(draw(images(DIGITS.test, *range(NUM_SHOWN))))
    assert 0.6 < sum(labels) / NUM_SHOWN < 1.5


def test_the_figure_says_what_the_number_is():
    x = images(DIGITS.test, 0)
    assert "distance over that of test images to theirs" in draw(x).get_supxlabel()
    alone = draw(x, replace(DIGITS, test=DIGITS.test.subset(torch.arange(0))))
    assert alone.get_supxlabel() == "distance in pixels"


def test_the_nearest_of_many_draws_are_shown():
    above, _, _ = shown(draw(images(DIGITS.test, *range(64))))
    assert len(above) == NUM_SHOWN


def test_without_test_images_the_number_is_the_distance_itself():
    x = images(DIGITS.train, 5) + 1
    _, _, (label,) = shown(draw(x, replace(DIGITS, test=DIGITS.test.subset(torch.arange(0)))))
    train = images(DIGITS.train, *range(len(DIGITS.train))).flatten(1)
    assert label == round(float((train - x.flatten()).norm(dim=1).min()), 2)


def test_nothing_is_shown_without_draws_or_without_images():
    assert draw(None) is None
    assert draw(torch.zeros(3, 1), toy_assembly().data) is None
