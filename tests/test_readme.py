"""What the README tells a reader to type works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from inspector import Capture

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for block in BLOCKS:
        exec(compile(block, "README.md", "exec"), names)
    assert (tmp_path / "attention.html").stat().st_size > 100_000
    assert len(Capture.load(tmp_path / "attention.safetensors").calls) == 6
    assert "(0, 2," in capsys.readouterr().out


def test_what_the_readme_points_to_is_there():
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", README) + re.findall(r"`((?:benchmarks|docs)/[\w./]+)`", README):
        assert (ROOT / path).exists(), path


def test_every_script_that_is_named_for_a_figure_is_there():
    scripts = re.findall(r"\| `(\w+)` \|$", README, re.MULTILINE)
    assert len(scripts) > 5
    for name in scripts:
        assert (ROOT / "benchmarks" / f"{name}.py").exists(), name
    assert "<!--" not in README


def test_the_space_starts_what_is_here_with_the_gradio_that_was_tested():
    front = README.split("---")[1]
    assert re.search(r"app_file: (\S+)", front).group(1) == "gradio_app.py"
    pinned = re.search(r"^gradio==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE).group(1)
    assert re.search(r"sdk_version: (\S+)", front).group(1) == pinned


@pytest.mark.parametrize("target", ["app", "test", "check", "bench", "setup"])
def test_every_command_of_the_readme_is_a_target(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
