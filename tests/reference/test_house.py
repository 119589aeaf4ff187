"""The package's own rules: torch only, and the public names are those that are listed, in order."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import reference

FOLDER = Path(reference.__file__).parent


def test_it_imports_torch_only():
    allowed = {"__future__", "torch", "reference", *sys.stdlib_module_names}
    for file in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= allowed, file.name


def test_it_works_without_the_inspector():
    code = "import reference, sys; assert not {'inspector', 'transformers', 'gradio'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=FOLDER.parent, check=True)


def test_the_public_names_are_listed_in_order():
    assert reference.__all__ == sorted(reference.__all__)
    for name in reference.__all__:
        assert getattr(reference, name).__doc__, name
