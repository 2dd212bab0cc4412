"""Sphinx's configuration; ``build.py`` beside it lays the pages out and runs it."""

project = "Matinee"
copyright = "the authors of Matinee, Apache-2.0"  # noqa: A001 (Sphinx's name)
root_doc = "README"
extensions = ["myst_parser", "sphinx_copybutton"]
source_suffix = {".md": "markdown"}
copybutton_prompt_text = r"[$#>] "
copybutton_prompt_is_regexp = True
html_theme = "furo"  # light and dark, after the reader's system
html_title = "Matinee"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
myst_heading_anchors = 4  # a heading is linked to as on the repository's own pages
suppress_warnings = ["misc.highlighting_failure"]  # JSON blocks with "…" in them
