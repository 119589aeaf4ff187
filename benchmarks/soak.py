"""The app for half an hour as strangers use it, on this machine alone: does it stay right, stay up, and stay as small as it was?

    python benchmarks/soak.py [--minutes 30]

Two browsers ask two models for texts at the same time, and read words and length back from the picture; in between runs are
cancelled, a browser is killed in the middle of one, captures and models are pushed out, downloads are fetched. Before that, each
with a server of its own: a full disk, a home and a temporary folder that cannot be written, SIGTERM and SIGKILL in the middle of
a run. Every text gets its own picture or an error card.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import functools
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent)]
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import psutil  # noqa: E402
from playwright.sync_api import Error, Page, sync_playwright  # noqa: E402

from tests.ui.app_server import Address, serving  # noqa: E402
from tests.ui.conftest import launch  # noqa: E402

WORDS = ("cat", "dog", "house", "street", "animal", "river", "teacher", "garden", "window", "winter", "music", "letter", "bread")
DRAWN = ".attention-inspector[data-drawn]"
PATIENCE = 60_000


@dataclass
class Tally:
    """What happened."""

    counts: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items())) + f"; wrong: {self.wrong or 'nothing'}"


def model_folder(folder: Path, layers: int, width: int, positions: int) -> str:
    """An untrained GPT-2 that reads the bundled model's words."""
    import transformers

    from inspector import Inspector

    tokenizer = copy.deepcopy(Inspector.from_pretrained("bundled").tokenizer)
    tokenizer.model_max_length = positions
    tokenizer.save_pretrained(folder)
    sizes = {"n_embd": width, "n_layer": layers, "n_head": 4, "n_positions": positions, "vocab_size": len(tokenizer)}
    transformers.GPT2Model(transformers.GPT2Config(**sizes, bos_token_id=1, eos_token_id=1)).save_pretrained(folder)
    return str(folder)


def words(count: int) -> str:
    return " ".join(random.choices(WORDS, k=count))


def fill(page: Page, model: str, text: str) -> None:
    """The form, filled and sent."""
    page.locator("#model input").fill(model)
    page.locator("#model input").press("Enter")
    page.locator("#text textarea").fill(text)
    page.locator("#inspect").click()


def ended(page: Page, text: str) -> str:
    """ "drawn" when the picture is this text's, "card" for an error card; what is wrong otherwise."""
    expected = len(text.split()) + 2  # the tokenizer of both models begins and ends a text with a token of its own
    try:
        page.wait_for_function(
            """count => { const root = document.querySelector('.attention-inspector').shadowRoot;
                if (!root.querySelector('.progress').hidden) return false;
                return !!root.querySelector('.problem') || new RegExp(`(^|[^0-9])${count} tokens`).test(root.textContent); }""",
            arg=expected,
            timeout=PATIENCE,
        )
        if page.locator(".problem").count():
            return "card"
        page.wait_for_selector(DRAWN, timeout=PATIENCE)
    except Error as error:
        return f"no answer to a text of {expected} tokens ({str(error).splitlines()[0][:60]})"
    shown = page.locator(".view-head-view").text_content() or ""
    missing = {word for word in text.split() if word not in shown}
    return "drawn" if not missing else f"another's picture: {sorted(missing)} are missing"


def visit(page: Page, model: str, tally: Tally) -> None:
    """One text, asked for and read back."""
    text = words(random.randint(8, 30))
    fill(page, model, text)
    result = ended(page, text)
    tally.counts[result if result in ("drawn", "card") else "wrong"] += 1
    if result not in ("drawn", "card"):
        tally.wrong.append(result)


def cancel(page: Page, model: str, tally: Tally) -> None:
    """A long run, begun and cancelled."""
    fill(page, model, words(1500))
    button = page.locator(".progress").get_by_role("button", name="Cancel")
    with contextlib.suppress(Error):
        button.click(timeout=10_000)
        tally.counts["cancelled"] += 1
    page.wait_for_function(
        "() => document.querySelector('.attention-inspector').shadowRoot.querySelector('.progress').hidden", timeout=PATIENCE
    )


def kill(play, address: str, model: str, tally: Tally) -> None:
    """A browser that dies in the middle of a long run; its server process by process id, and no other."""
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    browser = launch(play)
    ours = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
    page = opened(browser, address)
    fill(page, model, words(1500))
    with contextlib.suppress(Error):
        page.locator(".progress span").wait_for(timeout=10_000)
    for child in ours:
        with contextlib.suppress(psutil.Error):
            child.kill()
    with contextlib.suppress(Error):
        browser.close()
    tally.counts["browsers killed"] += 1


def download(page: Page, tally: Tally) -> None:
    """The capture as a file."""
    page.locator("[data-action=download]").click()
    with page.expect_download(timeout=PATIENCE) as waiting:
        page.locator("[data-download=capture]").click()
    assert Path(waiting.value.path()).stat().st_size > 1000
    tally.counts["downloads"] += 1


def opened(browser, address: str) -> Page:
    page = browser.new_context(accept_downloads=True).new_page()
    page.goto(address, timeout=PATIENCE)
    page.wait_for_selector(DRAWN, timeout=PATIENCE)
    return page


def resident(address: Address) -> float:
    """MB of the server."""
    return psutil.Process(address.process.pid).memory_info().rss / 2**20


def work(play, address: Address, models: list[str], seconds: float, tally: Tally) -> list[float]:
    """Rounds until the time is over; the memory of the server after each."""
    browsers = [launch(play), launch(play)]
    pages = [opened(browser, address) for browser in browsers]
    until, taken, rounds = time.monotonic() + seconds, [], 0
    while time.monotonic() < until:
        rounds += 1
        texts = [words(random.randint(8, 30)) for _ in pages]
        pairs = list(zip(pages, models, texts, strict=True))
        for page, model, text in pairs:  # both are under way at the same time
            fill(page, model, text)
        for page, _, text in pairs:
            result = ended(page, text)
            tally.counts[result if result in ("drawn", "card") else "wrong"] += 1
            if result not in ("drawn", "card"):
                tally.wrong.append(result)
        if rounds % 3 == 0:
            cancel(pages[1], models[1], tally)
        if rounds % 5 == 0:
            download(pages[0], tally)
        if rounds % 7 == 0:
            kill(play, address, models[1], tally)
        if rounds % 11 == 0:  # a person comes back with a new page
            pages[0].context.close()
            pages[0] = opened(browsers[0], address)
        taken.append(resident(address))
    for browser in browsers:
        browser.close()
    return taken


def settled(taken: list[float]) -> str:
    """How the memory went: the middle of what was measured about the end of the first third, and of the end."""
    tenth = max(1, len(taken) // 10)
    middle = lambda values: sorted(values)[len(values) // 2]  # noqa: E731
    early, late = middle(taken[len(taken) // 3 :][: 2 * tenth]), middle(taken[-2 * tenth :])
    grown = f"{(late / early - 1) * 100:+.1f} %"
    return f"{early:,.0f} MB after the first third, {late:,.0f} MB at the end ({grown}), at most {max(taken):,.0f} MB"


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[dict[str, str]]:
    """A temporary folder on a disk of 3 MB, or where none can be mounted files of at most that."""
    folder.mkdir()
    mounted = os.system(f"mount -t tmpfs -o size=3m tmpfs {folder} 2>/dev/null") == 0
    try:
        yield {"GRADIO_TEMP_DIR": str(folder)} if mounted else {}
    finally:
        if mounted:
            os.system(f"umount {folder}")


def full_disk(play, root: Path, models: list[str], tally: Tally) -> None:
    """Downloads on a full disk get a card; texts are drawn all the same."""
    with small_disk(root / "small") as settings:
        limit = None if settings else (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20)))
        with contextlib.ExitStack() as stack:
            address = stack.enter_context(serving(root / "full.txt", **settings, preexec=limit))
            browser = stack.enter_context(contextlib.closing(launch(play)))
            page = opened(browser, address)
            text = words(900)
            fill(page, models[1], text)
            tally.counts[f"full disk: {ended(page, text)}"] += 1
            page.locator("[data-action=download]").click()
            page.locator("[data-download=capture]").click()
            page.locator(".problem").wait_for(timeout=PATIENCE)
            tally.counts["full disk: download refused with a card"] += 1
            visit(page, "bundled", tally)


def unwritable(play, root: Path, models: list[str], tally: Tally) -> None:
    """Neither a home nor a temporary folder that anybody may write: below /proc not even root may."""
    none = "/proc/none"
    settings = {"HOME": none, "HF_HOME": f"{none}/hf", "GRADIO_TEMP_DIR": f"{none}/temp", "PYTHONDONTWRITEBYTECODE": "1"}
    with serving(root / "unwritable.txt", **settings) as address, contextlib.closing(launch(play)) as browser:
        page = opened(browser, address)
        visit(page, "bundled", tally)
        page.locator("[data-action=download]").click()
        page.locator("[data-download=capture]").click()
        page.locator(".problem").wait_for(timeout=PATIENCE)
        tally.counts["nothing can be written: download refused with a card"] += 1
        visit(page, "bundled", tally)


def signalled(number: int, play, root: Path, models: list[str], tally: Tally) -> None:
    """The server is ended in the middle of a run: the page says so."""
    with serving(root / f"signal-{number}.txt") as address, contextlib.closing(launch(play)) as browser:
        page = opened(browser, address)
        fill(page, models[1], words(3000))
        page.locator(".progress span").filter(has_text=re.compile("Running")).wait_for(timeout=PATIENCE)
        os.kill(address.process.pid, number)
        page.locator(".problem").wait_for(timeout=PATIENCE)
        code = address.process.wait(30)
        tally.counts[f"{signal.Signals(number).name}: a card, exit {code}"] += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--skip-ends", action="store_true", help="only the two browsers")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--memory", default="2 GB", help="what the server may reckon with: little, so that things are pushed out")
    chosen = parser.parse_args()
    random.seed(chosen.seed)
    root, tally = Path(tempfile.mkdtemp(prefix="soak-")), Tally()
    root.chmod(0o755)
    try:
        models = ["bundled", model_folder(root / "second", 8, 192, 4096)]
        steps = {
            "a full disk": full_disk,
            "nothing can be written": unwritable,
            "SIGTERM": functools.partial(signalled, signal.SIGTERM),
            "SIGKILL": functools.partial(signalled, signal.SIGKILL),
        }
        for place, step in () if chosen.skip_ends else steps.items():
            with sync_playwright() as play:
                try:
                    step(play, root, models, tally)
                except Exception as error:
                    tally.wrong.append(f"{place}: {type(error).__name__}: {str(error)[:200]}")
            print(f"{place}: done", flush=True)
        with (
            serving(root / "log.txt", INSPECTOR_MEMORY=chosen.memory, MALLOC_ARENA_MAX="2") as address,
            sync_playwright() as play,
        ):
            taken = work(play, address, models, 60 * chosen.minutes, tally)
            print(f"{len(taken)} rounds in {chosen.minutes:g} minutes: {settled(taken)}")
        tally.counts["tracebacks in the log"] += (root / "log.txt").read_text(errors="replace").count("Traceback")
        print(tally)
        sys.exit(bool(tally.wrong))
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
