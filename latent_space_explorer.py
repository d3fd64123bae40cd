"""Marks where the installed project is.

Streamlit finds a packaged component by importing no code: it looks up a module of the project's own name,
searches the folder beside it for pyproject.toml, and takes that folder as the root of the component's
`asset_dir`. Nothing else uses this module.
"""
