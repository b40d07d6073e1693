import pytest
import torch
from torch import nn

from genlab.errors import DeviceError
from genlab.parts.accelerator.auto import auto
from genlab.parts.accelerator.cpu import CPU
from genlab.parts.accelerator.cuda import CUDA
from genlab.parts.accelerator.precision import use_tf32


def test_asking_for_a_gpu_that_is_not_there_says_what_to_do():
    missing = torch.cuda.device_count() if torch.cuda.is_available() else 0
    with pytest.raises(DeviceError, match=r'Use accelerator\.use = "cpu"') as raised:
        CUDA(index=missing)
    assert raised.value.exit_code == 5


def test_auto_is_a_gpu_exactly_where_there_is_one():
    assert auto().device.type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_bfloat16_multiplies_in_bfloat16_and_float32_does_not():
    a = torch.ones(2, 2)
    for precision, dtype in (("bfloat16", torch.bfloat16), ("float32", torch.float32)):
        with CPU(precision=precision).autocast():
            assert (a @ a).dtype == dtype


def test_convolutions_are_laid_out_channels_last_and_compute_the_same():
    network = nn.Conv2d(3, 4, 3)
    x = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    before = network(x)
    CPU(precision="float32").place(network)
    assert network.weight.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(network(x), before)


class OneOutputForAll(nn.Module):
    """Writes its output to one place at every call, as a recorded CUDA graph does."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.output = torch.zeros(2)

    def forward(self, x):
        return self.output.copy_(x), self.output


@pytest.mark.parametrize("mode", ["reduce-overhead", "max-autotune"])
def test_what_a_recorded_network_hands_on_outlives_its_next_call(monkeypatch, mode):
    modes = []
    monkeypatch.setattr(torch, "compile", lambda forward, *, mode: modes.append(mode) or forward)
    model = nn.ModuleDict({"network": OneOutputForAll()})
    CPU(compile=mode).place(model)
    first, _ = model["network"](torch.ones(2))
    model["network"](torch.zeros(2))
    assert first.tolist() == [1, 1]
    assert modes == [mode]


@pytest.mark.parametrize(("how", "mode"), [(True, None), ("max-autotune-no-cudagraphs", "max-autotune-no-cudagraphs")])
def test_other_networks_are_compiled_in_the_mode_asked_for(monkeypatch, how, mode):
    modes = []
    monkeypatch.setattr(nn.Module, "compile", lambda _, *, mode: modes.append(mode))
    CPU(compile=how).place(nn.ModuleDict({"network": nn.Linear(2, 2), "tables": nn.Module()}))
    assert modes == [mode]


@pytest.mark.usefixtures("rounding_to_tf32")
def test_tf32_is_for_convolutions_and_matrix_products():
    for wanted in (False, True):
        use_tf32(wanted)
        assert torch.backends.cudnn.allow_tf32 == torch.backends.cuda.matmul.allow_tf32 == wanted


def test_a_generator_is_its_seed_alone():
    accelerator = CPU()
    one, two = (torch.rand(3, generator=accelerator.generator(4)) for _ in range(2))
    assert torch.equal(one, two)


def test_the_peak_of_memory_is_positive_and_one_process_reduces_to_itself():
    accelerator = CPU()
    assert accelerator.peak_memory_bytes() > 0
    assert accelerator.all_reduce(torch.ones(2)).tolist() == [1, 1]
    assert (accelerator.rank, accelerator.world_size) == (0, 1)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU")
def test_cuda_places_modules_on_the_gpu():
    accelerator = CUDA(precision="float32")
    network = nn.Linear(2, 2)
    accelerator.place(network)
    assert next(network.parameters()).device.type == "cuda"
    assert accelerator.generator(0).device.type == "cuda"
