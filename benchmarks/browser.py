"""How much is sent to a browser and how long it takes to draw, with BertViz beside it at the sizes it can bear.

Printed for the bundled model (72 heads): in the app at 512 tokens, the first draw after the capture, switching the head and the
layer; the standalone page of all heads; BertViz's page of the same capture. For a GPT-2-small shape at 8,192 tokens: the first
heat map after the capture, each zoom step and what it sends, the measures that follow. A machine without a browser prints why.
"""

from __future__ import annotations

import copy
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "ui")]
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import app_server  # noqa: E402
import bertviz_scripts  # noqa: E402
import torch  # noqa: E402
from conftest import launch  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402
from transformers import GPT2Config, GPT2Model  # noqa: E402

from inspector import Inspector  # noqa: E402
from inspector.examples import EXAMPLES  # noqa: E402
from inspector.views.manifest import manifest_of  # noqa: E402

LONG = 8192
DRAWN = ".attention-inspector[data-drawn]"
# Notes when the workbench begins to draw (the mark is taken away), when it has drawn (the mark is back), and when a capture came.
WATCH = """() => { const host = document.querySelector('.attention-inspector'); window.times = [];
  new MutationObserver(() => window.times.push([performance.now(), host.hasAttribute('data-drawn')]))
    .observe(host, {attributes: true, attributeFilter: ['data-drawn']});
  new MutationObserver(() => { window.arrived = performance.now(); })
    .observe(host.shadowRoot.querySelector('.proof'), {childList: true, subtree: true}); }"""


def text_of(inspector: Inspector, tokens: int) -> str:
    words = (EXAMPLES[2].text + " ") * 3
    kept = inspector.tokenizer(words, truncation=True, max_length=tokens)["input_ids"][1:-1]
    return inspector.tokenizer.decode(kept)


def drawing(page: Page) -> float:
    """Seconds of the last drawing: from the mark's going to its coming back."""
    page.wait_for_function("window.times.length && window.times[window.times.length - 1][1]", timeout=60_000)
    times = page.evaluate("window.times")
    page.evaluate("window.times = []")
    return (times[-1][0] - times[0][0]) / 1000


def first_drawing(page: Page) -> float:
    """Seconds from a capture's arrival, when its proof is written, to its picture."""
    page.wait_for_function("window.times.length && window.times[window.times.length - 1][1]", timeout=60_000)
    page.wait_for_timeout(300)
    took = page.evaluate("window.times.filter(([at, drawn]) => drawn && at > window.arrived)[0][0] - window.arrived")
    page.evaluate("window.times = []")
    return took / 1000


def in_the_app(page: Page, url: str, inspector: Inspector) -> None:
    text = text_of(inspector, 512)
    page.goto(url)
    page.wait_for_selector(DRAWN)
    page.evaluate(WATCH)
    sent: list[int] = []
    page.on("response", lambda r: sent.append(len(r.body())) if "component_server" in r.url else None)
    page.locator("#text textarea").fill(text)
    page.locator("#inspect").click()
    page.wait_for_function(
        "document.querySelector('.attention-inspector').shadowRoot.querySelector('.proof').textContent.includes('512 tokens')",
        timeout=60_000,
    )
    first = first_drawing(page)
    manifest = len(json.dumps(manifest_of(inspector(text))))
    size = (manifest + sum(sent)) / 1e3
    print(f"app, 512 tokens: first draw {first:.2f} s after the capture; {size:.0f} kB sent (reach: 1 s, 1 MB)")
    for name, keys in (("head", "......."), ("layer", "]][[[[[")):
        took = []
        for key in keys:
            page.locator(".tab[aria-selected=true]").focus()
            page.keyboard.press(key)
            took.append(drawing(page))
        print(f"app, 512 tokens: another {name} {statistics.median(took):.3f} s median, {max(took):.3f} s worst (reach: 0.2 s)")


def long_model(inspector: Inspector, folder: Path) -> Path:
    """A folder with a GPT-2 of the small size, random weights, for 8,192 tokens, with the bundled model's tokenizer."""
    torch.manual_seed(0)
    sizes = {"n_positions": LONG, "vocab_size": inspector.tokenizer.vocab_size, "bos_token_id": 1, "eos_token_id": 1}
    GPT2Model(GPT2Config(**sizes, initializer_range=0.1)).save_pretrained(folder)
    tokenizer = copy.deepcopy(inspector.tokenizer)
    tokenizer.model_max_length = LONG
    tokenizer.save_pretrained(folder)
    return folder


def long_text(page: Page, url: str, folder: Path) -> None:
    sent: list[int] = []
    page.on("response", lambda r: sent.append(len(r.body())) if '\\"tile\\"' in (r.request.post_data or "") else None)
    page.goto(f"{url}#view=heat-map")
    page.wait_for_selector(DRAWN)
    page.evaluate(WATCH)
    page.locator("#model input").fill(str(folder))
    page.locator("#model input").press("Enter")
    page.locator("#text textarea").fill("the cat sat on a mat and " * ((LONG - 2) // 7))
    page.locator("#inspect").click()
    page.wait_for_function(
        "document.querySelector('.attention-inspector').shadowRoot.querySelector('.proof').textContent.includes('8,1')",
        timeout=1_200_000,
    )
    shown, first = time.perf_counter(), first_drawing(page)
    print(f"app, {LONG:,} tokens x 144 heads: first heat map {first:.2f} s after the capture (reach: 1 s)")
    took, size = [], []
    for key in "+++++---":
        sent.clear()
        page.locator(".heat-surface").focus()
        page.keyboard.press(key)
        took.append(drawing(page))
        size.append(sum(sent) / 1e3)
    print(
        f"app, {LONG:,} tokens: a zoom step {statistics.median(took):.2f} s median, {max(took):.2f} s worst, "
        f"at most {max(size):.0f} kB (reach: 0.3 s, 200 kB), while the heads are measured"
    )
    page.wait_for_selector(".attention-inspector[data-measured=yes]", timeout=1_200_000)
    print(f"app, {LONG:,} tokens: measures of all heads {time.perf_counter() - shown:.0f} s after the first picture began")


def alone(page: Page, inspector: Inspector, folder: Path) -> None:
    cap = inspector(text_of(inspector, 512))
    path = folder / "page.html"
    began = time.perf_counter()
    cap.to_html("head_view", path)
    wrote = time.perf_counter() - began
    took = []
    for _ in range(5):
        began = time.perf_counter()
        page.goto(path.as_uri())
        page.wait_for_selector(DRAWN)
        took.append(time.perf_counter() - began)
    size, opens = path.stat().st_size / 1e6, statistics.median(took)
    print(
        f"page of all 72 heads, 512 tokens: {size:.1f} MB, written in {wrote:.1f} s, opens in {opens:.2f} s (reach: 25 MB, 2 s)"
    )


def beside_bertviz(page: Page, inspector: Inspector, folder: Path) -> None:
    if not bertviz_scripts.answer_cdn(page.context):
        print("BertViz was not opened: its scripts come from npm, which is not here.")
    for tokens in (64, 128):
        cap = inspector(text_of(inspector, tokens))
        ours, theirs = folder / "ours.html", folder / "theirs.html"
        cap.to_html("head_view", ours)
        theirs.write_text(cap.to_bertviz("head_view"), encoding="utf-8")
        figures = []
        for path, there in ((ours, DRAWN), (theirs, "svg rect")):
            began = time.perf_counter()
            page.goto(path.as_uri())
            page.wait_for_selector(there, timeout=120_000, state="attached")
            page.evaluate("new Promise(requestAnimationFrame)")
            figures.append((path.stat().st_size / 1e6, time.perf_counter() - began))
        (size, took), (their_size, their_took) = figures
        print(
            f"head view, {tokens} tokens: ours {size:.1f} MB, {took:.2f} s; BertViz {their_size:.1f} MB, {their_took:.2f} s: "
            f"{their_size / size:.0f} times the size, {their_took / took:.0f} times the wait"
        )


def main() -> None:
    inspector = Inspector.from_pretrained("bundled")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        here = Path(folder)
        browser = launch(play)
        with app_server.serving(here / "log.txt") as url:
            in_the_app(browser.new_page(viewport={"width": 1400, "height": 1000}), url, inspector)
        with app_server.serving(here / "log.txt", OMP_NUM_THREADS=str(os.cpu_count())) as url:
            long_text(browser.new_page(viewport={"width": 1400, "height": 1000}), url, long_model(inspector, here / "long"))
        alone(browser.new_page(viewport={"width": 1400, "height": 1000}), inspector, here)
        beside_bertviz(browser.new_page(viewport={"width": 1400, "height": 1000}), inspector, here)
        browser.close()


if __name__ == "__main__":
    main()
