"""Configuration of the documentation's build."""

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "genlab"
author = "The genlab developers"
copyright = author
release = metadata.version("genlab")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "generated_pages",
    "divergence_pictures",
    "divergence_table",
]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "genlab"
html_static_path = ["_static"]

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autoclass_content = "both"  # a constructor's docstring lists the recipe's keys
napoleon_numpy_docstring = False
napoleon_use_rtype = False

nitpicky = True
nitpick_ignore_regex = [
    # libraries whose documentation would have to be fetched
    (r"py:.*", r"(torch|numpy|matplotlib|collections|pathlib|contextlib|os|typing|annotated_types)\..*"),
    (r"py:class", r"(Tensor|Module|Generator|Canvas|Path|Any|AbstractContextManager)"),
    # type variables, pieces of generic types, and what is not public
    (r"py:class", r"genlab\.divergences\.[a-z_]+\.(Form|Mix)"),
    (r"py:class", r"genlab\.testing\.(parametrize\.F|expectation\.Expectation)"),
    (r"py:class", r"(T|genlab\.interfaces\.part\.T|(dict|tuple)\[.*|genlab\.recipe\.merging\.Origin)"),
]
