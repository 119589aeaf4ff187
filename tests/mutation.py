"""Whether the tests would notice: one-line changes are made to a room, one at a time, and its tests are run on each.

    python -m tests.mutation hooks summaries --count 30 --seed 7

A change that no test notices is printed: a survivor is either a test to write or a change that changes nothing. The changes
come from Cosmic Ray's operators; the runs are forks of one process that has torch and transformers loaded already, on a copy
of the checkout, so that a change costs no import and nobody's files are touched.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOMS", "Mutant", "mutants_of"]

ROOT = Path(__file__).parents[1]
LIMIT = 900  # seconds a run may take before the change counts as noticed: most endless loops are

# What is changed, and the tests that should notice, the quickest first.
ROOMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "masks": (("inspector/masks.py", "inspector/hooks/masks.py"), ("tests/test_masks.py", "tests/test_scores.py")),
    "scores": (
        ("inspector/scores.py",),
        ("tests/test_scores.py", "tests/test_masks.py", "tests/summaries/test_against_dense.py"),
    ),
    "proofs": (
        ("inspector/proofs.py", "inspector/hooks/proving.py"),
        ("tests/hooks/test_proving.py", "tests/hooks/test_kernels.py", "tests/hooks/test_products.py"),
    ),
    "metrics": (("inspector/metrics/*.py",), ("tests/metrics", "tests/summaries/test_by_hand.py")),
    "summaries": (("inspector/summaries/*.py", "inspector/tiles.py"), ("tests/summaries", "tests/tiles", "tests/metrics")),
    "files": (
        ("inspector/files/*.py", "inspector/layouts.py", "inspector/checkpoints.py", "inspector/bundled.py"),
        ("tests/models/test_file_rules.py", "tests/models/test_files.py", "tests/models/test_checkpoints.py"),
    ),
    "requests": (("inspector/views/requests.py", "inspector/views/packing.py", "inspector/views/manifest.py"), ("tests/views",)),
    "hooks": (("inspector/hooks/*.py", "inspector/hooks/adapters/*.py", "inspector/tokens.py"), ("tests/hooks",)),
}

# Sum against difference, one bound against the next, a number against its neighbour: the mistakes people make.
OPERATORS = (
    "ReplaceBinaryOperator_Add_Sub", "ReplaceBinaryOperator_Sub_Add", "ReplaceBinaryOperator_Mul_Div",
    "ReplaceBinaryOperator_Div_Mul", "ReplaceBinaryOperator_FloorDiv_Mul", "ReplaceBinaryOperator_BitAnd_BitOr",
    "ReplaceBinaryOperator_BitOr_BitAnd", "ReplaceComparisonOperator_Eq_NotEq", "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceComparisonOperator_Lt_LtE", "ReplaceComparisonOperator_LtE_Lt", "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_GtE_Gt", "ReplaceComparisonOperator_Lt_Gt", "ReplaceComparisonOperator_Gt_Lt",
    "ReplaceComparisonOperator_Is_IsNot", "ReplaceComparisonOperator_IsNot_Is", "ReplaceUnaryOperator_Delete_USub",
    "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_Invert", "ReplaceAndWithOr", "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "NumberReplacer",
)  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One changed file.

    Attributes:
        path: of the file, from the root.
        line: the first line that differs.
        before, after: that line.
        code: the whole changed file.
    """

    path: str
    line: int
    before: str
    after: str
    code: str


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every change of one file that changes what runs."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    source = path.read_bytes()
    same = _what_runs(source.decode())
    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        for occurrence in range(10_000):
            changed = mutate_code(source, operator, occurrence)
            if changed is None:
                break
            if _what_runs(changed) != same:
                yield _mutant(path, source.decode(), changed)


def _mutant(path: Path, source: str, changed: str) -> Mutant:
    pairs = enumerate(zip(source.splitlines(), changed.splitlines(), strict=False), 1)
    line, (before, after) = next((at, pair) for at, pair in pairs if pair[0] != pair[1])
    return Mutant(str(path.relative_to(ROOT)), line, before.strip(), after.strip(), changed)


class _Bare(ast.NodeTransformer):
    """Without annotations, the switches of dataclasses and the sentences of errors: no test of numbers could see these."""

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.decorator_list = []
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return ast.Raise(None, None)

    def visit_If(self, node: ast.If) -> ast.AST:
        return ast.Pass() if "TYPE_CHECKING" in ast.dump(node.test) else self.generic_visit(node)


def _what_runs(code: str) -> str:
    return ast.dump(_Bare().visit(ast.parse(code)))


def sampled(room: str, count: int, seed: int) -> list[Mutant]:
    """Changes of one room, spread over its files by their length."""
    paths = sorted({path for pattern in ROOMS[room][0] for path in ROOT.glob(pattern)})
    every = [mutant for path in paths for mutant in mutants_of(path)]
    return random.Random(f"{room} {seed}").sample(every, min(count, len(every)))


def noticed(mutant: Mutant, tests: tuple[str, ...], copy: Path) -> bool:
    """Runs the tests on the changed copy in a fork: True when one of them fails."""
    original = (copy / mutant.path).read_text()
    (copy / mutant.path).write_text(mutant.code)
    child = os.fork()
    if child == 0:
        try:
            os._exit(_tested(tests, copy))
        except BaseException:
            traceback.print_exc(file=sys.__stdout__)
        finally:
            os._exit(3)
    try:
        return _ended(child) != 0
    finally:
        (copy / mutant.path).write_text(original)


def _tested(tests: tuple[str, ...], copy: Path) -> int:
    os.setsid()
    silence = os.open(os.environ.get("MUTATION_LOG", os.devnull), os.O_WRONLY | os.O_CREAT)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    os.chdir(copy)
    sys.path[:] = [str(copy), *(entry for entry in sys.path if entry not in ("", str(ROOT)))]
    sys.modules.pop("tests", None)
    import pytest

    there = [name for name in tests if (copy / name).exists()]
    quiet = ["-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return int(pytest.main([*there, "-x", "-q", "--rootdir", str(copy), *quiet]))


def _ended(child: int) -> int:
    for _ in range(LIMIT * 10):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.1)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 124


def run(rooms: list[str], count: int, seed: int) -> None:
    """Prints the survivors of each room and the share that was noticed."""
    import torch
    import transformers.modeling_utils  # noqa: F401  (what takes a run long to import, once for all of them)

    torch.set_num_threads(1)
    sys.dont_write_bytecode = True
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        left_out = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis")
        shutil.copytree(ROOT, copy, ignore=left_out)
        for room in rooms:
            _report(room, sampled(room, count, seed), copy)


def _report(room: str, mutants: list[Mutant], copy: Path) -> None:
    tests = ROOMS[room][1]
    nothing = Mutant(mutants[0].path, 0, "", "", (copy / mutants[0].path).read_text())
    if noticed(nothing, tests, copy):
        sys.exit(f"{room}: its tests fail as they are.")
    survivors = 0
    for mutant in mutants:
        if not noticed(mutant, tests, copy):
            survivors += 1
            print(f"  survived  {mutant.path}:{mutant.line}\n    - {mutant.before}\n    + {mutant.after}", flush=True)
    print(f"{room}: {len(mutants) - survivors} of {len(mutants)} noticed", flush=True)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("rooms", nargs="*", default=list(ROOMS), help=f"of {', '.join(ROOMS)}; all by default")
    parser.add_argument("--count", type=int, default=30, help="changes a room")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    run(chosen.rooms, chosen.count, chosen.seed)


if __name__ == "__main__":
    main()
