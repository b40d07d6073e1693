import pytest
import torch
from genlab_mixture import single_coordinate, statistics
from genlab_mixture.family import MeanField
from genlab_mixture.full_noise import FullNoise
from genlab_mixture.known_noise import KnownNoise
from genlab_mixture.learned_noise import LearnedNoise
from genlab_mixture.model import GaussianMixture
from genlab_mixture.single_coordinate import CompiledSums
from genlab_mixture.statistics import gather

from genlab.data.tensor_split import TensorSplit
from genlab.errors import IncompatibleError
from genlab.interfaces import DataSpec, Part, Splits

NOISES = {"known": KnownNoise, "learned": LearnedNoise}


def fitting(noise, x):
    spec, split = DataSpec("numbers", (1,), len(x)), TensorSplit(x)
    model = GaussianMixture(spec, components=3, mean_loc=50.0, mean_scale=40.0, noise=Part(noise, {"scale": 8.0}))
    torch.manual_seed(0)
    return model, MeanField(model, Splits(spec, split, split, split)).factors()


def numbers(num_data):
    generator = torch.Generator().manual_seed(0)
    groups = torch.multinomial(torch.tensor([0.5, 0.3, 0.2]), num_data, replacement=True, generator=generator)
    return (torch.tensor([20.0, 50.0, 90.0])[groups] + 8 * torch.randn(num_data, generator=generator)).unsqueeze(1)


@pytest.fixture
def small_blocks(monkeypatch):
    for module in (single_coordinate, statistics):
        monkeypatch.setattr(module, "BLOCK", 2048)


def assert_alike(fast, general, **tolerance):
    close = {"rtol": 1e-10, "atol": 1e-8} | tolerance
    assert fast.num_examples == general.num_examples
    for one, other in zip(
        (fast.counts, fast.inner, fast.log_normalizer, *fast.moments),
        (general.counts, general.inner, general.log_normalizer, *general.moments),
        strict=True,
    ):
        torch.testing.assert_close(one, other, **close)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("noise", NOISES)
def test_the_written_out_sums_are_those_of_the_general_way(noise):
    x = numbers(5_000).double()
    model, factors = fitting(NOISES[noise], x)
    batches = torch.split(x, 4_500)  # blocks of 2,048, and what is left of each batch
    fast = gather(batches, factors, model, CompiledSums(compiled=False))
    assert_alike(fast, gather(batches, factors, model))


@pytest.mark.usefixtures("small_blocks")
def test_in_float32_the_bound_keeps_its_digits():
    x = numbers(100_000)
    model, factors = fitting(KnownNoise, x)
    fast = gather([x], factors, model, CompiledSums(compiled=False)).log_normalizer
    exact = gather([x.double()], factors, model).log_normalizer
    assert abs(fast - exact).item() < 0.02  # of 450,000 nats


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("case", ["full covariance", "two columns", "missing values"])
def test_what_is_not_whole_and_of_one_coordinate_goes_the_general_way(case):
    x = numbers(3_000)
    columns = torch.cat([x, x], 1) if case == "two columns" else x
    spec = DataSpec("numbers", (columns.shape[1],), len(x), missing=case == "missing values")
    noise = Part(FullNoise if case == "full covariance" else KnownNoise, {"scale": 8.0})
    model = GaussianMixture(spec, components=2, mean_loc=50.0, mean_scale=40.0, noise=noise)
    split = TensorSplit(columns)
    factors = MeanField(model, Splits(spec, split, split, split)).factors()

    def fails(*_):
        raise AssertionError("the fast way was taken")

    assert_alike(gather([columns], factors, model, fails), gather([columns], factors, model))


def test_a_machine_that_cannot_compile_is_told_what_to_do(monkeypatch):
    class NoCompilerError(RuntimeError):
        __module__ = "torch._inductor.exc"

    def fails(*_):
        raise NoCompilerError("no C++ compiler was found")

    sums = CompiledSums(compiled=False)
    monkeypatch.setattr(sums, "_sums", fails)
    one = torch.ones(1, dtype=torch.float64)
    with pytest.raises(IncompatibleError, match=r"no C\+\+ compiler was found .* set update\.compile = false"):
        sums(torch.zeros(2048), one, one, one)


@pytest.mark.slow
def test_the_compiled_sums_are_those_of_the_general_way():
    x = numbers(2 * single_coordinate.BLOCK + 7)
    model, factors = fitting(LearnedNoise, x)
    fast = gather([x], factors, model, CompiledSums())
    assert_alike(fast, gather([x], factors, model), rtol=1e-4, atol=0.1)
    assert abs(fast.log_normalizer - gather([x], factors, model).log_normalizer).item() < 0.05
