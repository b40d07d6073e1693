"""A plugin that is one Python file, given by its path.

Such a file is never searched for: it is loaded because somebody named it, in this process. It holds hook
implementations as any plugin's module does, and usually the components too:

    @hookimpl
    def genlab_components():
        yield Component("sampler", "mine", f"{__name__}:Mine", "one line")
"""

import hashlib
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

from genlab.discovery.loading import PluginSource
from genlab.errors import UsageError


def plugin_file_source(path: Path) -> PluginSource:
    """Return the plugin that a file is, not loaded yet.

    Its name is the file's without the suffix; what stands for its distribution is the file's name.

    Raises:
        UsageError: when there is no such file, or it is no Python file.
    """
    file = Path(path).expanduser().resolve()
    if file.suffix != ".py":
        raise UsageError(f"a plugin file must be a Python file ending in .py, got {str(path)!r}.")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"a plugin file must be readable, got {str(path)!r}: {error.strerror}.") from error
    digest = hashlib.sha256(content).hexdigest()
    return PluginSource(file.stem, file.name, digest[:12], lambda: _module(file, digest), file, digest)


def _module(file: Path, digest: str) -> ModuleType:
    """Import a file under a name of its own, once for each content it has."""
    place = hashlib.sha256(f"{file}\n{digest}".encode()).hexdigest()[:12]
    name = f"genlab_plugin_file_{re.sub(r'[^0-9A-Za-z_]', '_', file.stem)}_{place}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs: dataclasses and the components' targets look it up
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
