"""The documentation site: ``make docs`` builds it with Sphinx from Markdown (MyST).

What the code knows is read from the code while the site is built: commands from their parsers, models
from the registry, the Python interface from ``__all__`` and docstrings. Nothing is fetched while building
or while reading: formulas become MathML here, and the theme brings its own styles.
"""

import gc
import os
import sys
from importlib.metadata import version as version_of
from importlib.resources import files
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))
# Pages are trees of small objects that live until the end: to look for some to drop took a third of the time.
gc.set_threshold(100_000, 50, 100)
os.environ["COLUMNS"] = "100"  # --help is as wide as this, whatever the terminal
os.environ["NO_COLOR"] = "1"

project = "equisweep"
author = copyright = "The equisweep authors"
version = release = version_of("equisweep")

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "docstrings",
    "from_code",
    "mathml",
    "public",
]
exclude_patterns = ["_build"]

myst_enable_extensions = ["deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # `make notebooks` executes them, and the suite does

# In docstrings `name` is a name of Python, linked where the site describes it.
default_role = "py:obj"
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_attr_annotations = False  # the signature has them
add_module_names = False
python_maximum_signature_line_length = 90
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = "equisweep"
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
# A font with the tall braces and sums that formulas need, for systems that have none.
html_static_path = ["style.css", str(files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf")]
html_css_files = ["style.css"]
