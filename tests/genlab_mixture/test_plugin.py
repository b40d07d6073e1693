import importlib
import subprocess
import sys

from genlab_mixture.plugin import genlab_components


def test_every_component_can_be_imported():
    for component in genlab_components():
        module, name = component.target.split(":")
        assert getattr(importlib.import_module(module), name).slot == component.slot


def test_declaring_components_imports_no_torch():
    code = "import sys, genlab_mixture.plugin as p; list(p.genlab_components()); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
