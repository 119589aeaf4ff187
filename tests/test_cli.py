"""The command line: what it writes, what it says, and with which status it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from inspector import Capture
from inspector.cli import app


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


def test_it_runs_as_a_module():
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    shown = subprocess.run([sys.executable, "-m", "inspector", "Cats."], capture_output=True, text=True, env=env, check=False)
    assert shown.returncode == 0, shown.stderr
    assert "highest head" in shown.stdout


def test_help_names_every_option():
    shown = run("--help")
    assert shown.exit_code == 0
    for option in ("--pair", "--model", "--view", "--out", "--truncate"):
        assert option in shown.stdout


def test_a_page_and_a_capture_are_written(tmp_path):
    page, file = tmp_path / "page.html", tmp_path / "x.safetensors"
    assert run("A cat sat.", "--view", "heat_map", "--out", str(page), "--layer", "2", "--head", "9").exit_code == 0
    assert "attention-inspector" in page.read_text()
    assert run("-", "--pair", "It sat.", "--out", str(file), stdin="A cat.").exit_code == 0
    assert Capture.load(file).tokens[0][:4] == ["[CLS]", "a", "cat", "."]


def test_without_out_the_measures_are_printed():
    shown = run("The cat sat on the mat.")
    assert shown.exit_code == 0
    assert "Previous token" in shown.stdout
    assert "within" in shown.stderr


def test_layers_and_disk_make_a_run_smaller_and_the_estimate_says_so(tmp_path):
    file = tmp_path / "x.safetensors"
    shown = run("A cat.", "--layers", "0,4-5", "--offload-to", str(tmp_path / "kept"), "--out", str(file))
    assert shown.exit_code == 0, shown.stderr
    assert "on disk" in shown.stderr
    assert [call.layer_index for call in Capture.load(file).calls] == [0, 4, 5]


def test_the_layers_that_are_printed_are_those_that_ran():
    shown = run("The cat sat on the mat.", "--layers", "5")
    assert "layer  5" in shown.stdout
    assert "layer  0" not in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["", "--out", "x.html"], 1, "empty"),
        (["text", "--model", "./nowhere"], 1, "no such folder"),
        (["word " * 600], 1, "602 tokens"),
        (["text", "--out", "x.pdf"], 2, ".html"),
        (["text", "--out", "nowhere/x.html"], 2, "does not exist"),
        (["text", "--view", "nonsense"], 2, "head_view"),
        (["text", "--layers", "0-x"], 2, "neither a layer"),
        (["text", "--layers", "5-2"], 2, "backwards"),
        (["text", "--head", "99", "--out", "x.html"], 1, "0 to 11"),
        (["text", "--layer", "99", "--out", "x.html"], 1, "0 to 5"),
    ],
)
def test_what_cannot_be_done_is_said_on_standard_error_with_a_status(tmp_path, monkeypatch, arguments, status, says):
    monkeypatch.chdir(tmp_path)
    shown = run(*arguments)
    assert shown.exit_code == status
    assert says in shown.stderr
    assert "Traceback" not in shown.stderr
    assert not list(tmp_path.iterdir())
