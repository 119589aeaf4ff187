"""A link brings back what was copied, or says that it cannot."""

from __future__ import annotations

import base64
import random
import zlib

import pytest
from playwright.sync_api import Page, expect

from inspector.views.assets import script
from tests.ui.pages import HOST, caption, link, opened, settle

pytestmark = pytest.mark.browser

WORDS = "the grey cat slept on the shelf while the old nurse counted herrings number {} in the cold harbour town ."


@pytest.fixture(scope="module")
def js(browser):
    """Evaluates a JavaScript expression in which A is the workbench's own code and x the argument."""
    context = browser.new_context()
    page = context.new_page()
    page.goto("about:blank")
    page.evaluate(f"() => {{ window.code = {script()}; }}")
    yield lambda expression, x=None: page.evaluate(f"async (x) => {{ const A = window.code; return {expression}; }}", x)
    context.close()


def deflated(data: bytes) -> str:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.urlsafe_b64encode(packer.compress(data) + packer.flush()).decode().rstrip("=")


REFUSED = "A.packing.unpack(x).then(() => 'taken', (e) => e.name)"


def test_a_packed_text_comes_back_whatever_it_says(js):
    for text in ("plain", "动物没有过马路 🐈‍⬛ \u202e", "\x00\n\t" * 50, "a" * 200_000):
        packed = js("A.packing.pack(x)", {"text": text})
        assert len(packed) <= 32_000
        assert js("A.packing.unpack(x)", packed) == {"text": text}
        assert zlib.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), -15)


def test_what_is_too_long_for_a_link_is_not_packed(js):
    noise = base64.b64encode(bytes(range(256)) * 4 + random.Random(1).randbytes(60_000)).decode()
    assert js("A.packing.pack(x)", {"text": noise}) is None


def test_a_bomb_in_a_link_is_not_unpacked(js):
    bomb = deflated(b'{"text": "' + b"a" * 24_000_000 + b'"}')
    assert len(bomb) <= 32_000  # within what a link may hold, and 24 MB behind it
    assert js(REFUSED, bomb) == "RangeError"
    read = """(async () => { let size = 0; const old = TextDecoder.prototype.decode;
      TextDecoder.prototype.decode = function (bytes) { size += bytes.length; return old.call(this, bytes); };
      await A.packing.unpack(x).catch(() => 0); TextDecoder.prototype.decode = old; return size; })()"""
    assert js(read, bomb) == 0


@pytest.mark.parametrize("text", ["", "====", "not base64!", "AAAA", "x" * 40_000, deflated(b"\xff\xfe"), deflated(b"{")])
def test_what_is_no_packed_text_is_refused(js, text):
    assert js(REFUSED, text) != "taken"


# In the app --------------------------------------------------------------------------------------------------------


def inspect(page: Page, text: str, pair: str = "") -> None:
    page.locator("#text textarea").fill(text)
    page.locator("#pair textarea").fill(pair)
    page.locator("#inspect").click()


def copied(page: Page) -> str:
    page.locator("[data-action=link]").click()
    expect(page.locator("[data-action=link]")).to_contain_text("Copied")
    return page.evaluate("navigator.clipboard.readText()")


@pytest.fixture
def reader(new_page):
    return new_page(permissions=["clipboard-read", "clipboard-write"])


def shown(page: Page) -> tuple:
    settle(page)
    return caption(page), page.locator(".whose").inner_text(), page.locator(".said").inner_text(), link(page)


def test_a_long_text_of_ones_own_that_was_cut_comes_back_cut_in_its_window(reader, new_page, url):
    page = opened(reader, url)
    text = " ".join(WORDS.format(i) for i in range(45))
    inspect(page, text)
    page.get_by_role("button", name="Cut to 512 tokens").click()
    expect(page.locator(".said")).to_contain_text("tokens of the text are missing")
    settle(page)
    page.locator(".nav-cell[data-layer='2'][data-head='9']").click()
    settle(page)
    page.locator(".query .hit").nth(5).click()
    settle(page)
    for _ in range(3):
        page.get_by_label("Rows after").click()
        settle(page)
    address = copied(page)
    assert "z=" in address
    assert "cut=1" in address
    assert "from=" in address
    assert "query=" in address
    before = shown(page)
    other = new_page()
    other.goto(address)
    expect(other.locator(".said")).to_contain_text("tokens of the text are missing")
    expect(other.locator("#text textarea")).to_have_value(text)
    assert shown(other) == before


def test_how_close_one_looks_comes_back(reader, new_page, url):
    page = opened(reader, url, "#view=heat-map&layer=3&heads=1&example=a-page")
    expect(page.locator(".whose")).to_contain_text("rescue")
    settle(page)
    page.get_by_role("button", name="words", exact=True).click()
    settle(page)
    page.wait_for_function("() => location.hash.includes('look=')")
    where = page.locator(".heat-where").inner_text()
    address = copied(page)
    assert "rows " in where
    other = new_page()
    other.goto(address)
    expect(other.locator(".whose")).to_contain_text("rescue")
    expect(other.locator(".heat-where")).to_have_text(where)
    settle(other)
    assert other.locator(".heat-where").inner_text() == where


def test_a_text_that_no_link_holds_is_left_out_and_both_ends_say_so(reader, new_page, url):
    page = opened(reader, url)
    noise = random.Random(2)
    inspect(page, "".join(noise.choice("abcdefghijklmnopqrstuvwxyz0123456789 ") for _ in range(60_000)))
    page.get_by_role("button", name="Cut to 512 tokens").click()
    expect(page.locator(".said")).to_contain_text("tokens of the text are missing")
    settle(page)
    page.locator("[data-action=link]").click()
    expect(page.locator("[data-action=link]")).to_have_text("Copied without the text")
    other = opened(new_page(), page.evaluate("navigator.clipboard.readText()"))
    expect(other.locator(".note")).to_have_text(
        "This link left its text out, which was too long for it: the picture is of another text."
    )
    assert "query" not in link(other)


def test_a_link_whose_text_is_broken_says_so_and_names_the_picture_that_is_there(new_page, url):
    page = opened(new_page(), url, "#view=one-head&layer=3&heads=1&query=12&z=AAAA")
    expect(page.locator(".note")).to_have_text("The text in this link could not be read: the picture is of another text.")
    assert "z" not in link(page)
    page.goto("about:blank")
    opened(page, url, f"#view=one-head&z={deflated(b'{' + b' ' * 9_000_000 + b'}')}")
    expect(page.locator(".note")).to_contain_text("could not be read")


def test_a_link_to_a_model_that_is_not_offered_counts_once_it_was_inspected(page, url):
    opened(page, url, "#view=heat-map&layer=2&heads=5&text=hello&model=nobody%2Fnothing")
    expect(page.locator(".problem")).to_contain_text("Press Inspect if you want it")
    assert "model=nobody%2Fnothing" in page.evaluate("location.hash")


# A batch, in every host ----------------------------------------------------------------------------------------------

BATCH = ["The animal was tired.", "Seven grey cats slept on one warm roof near the old harbour.", "It rained."]


@pytest.fixture(scope="module")
def batch(bundled):
    return bundled(BATCH)


def labels(page: Page) -> str:
    return " ".join(page.locator(".query text.token").all_text_contents())


def stepped_through(page: Page) -> None:
    """Each text of the batch with its own words, proof line and caption; then back."""
    said = []
    for item, text in enumerate(BATCH):
        expect(page.locator(".stepper-name").first).to_have_text(f"Text {item + 1} of 3")
        expect(page.locator(".whose")).to_contain_text(text[:20])
        settle(page)
        assert text.lower().rstrip(".").split()[-1] in labels(page).replace(" –", "")
        said.append((caption(page), page.locator(".proof").inner_text()))
        if item < 2:
            page.get_by_label("Next text").click()
    assert len(set(said)) == 3
    assert page.get_by_label("Next text").get_attribute("aria-disabled") == "true"


def test_a_batch_is_stepped_through_in_a_file(page, batch, tmp_path):
    batch.to_html(["head_view", "heat_map", "model_view"], tmp_path / "batch.html")
    opened(page, (tmp_path / "batch.html").as_uri())
    stepped_through(page)
    assert link(page).endswith("batch=2")
    page.keyboard.press("[")
    page.get_by_role("tab", name="All heads").click()
    settle(page)
    page.reload()
    page.wait_for_selector(HOST)
    expect(page.locator(".stepper-name").first).to_have_text("Text 3 of 3")
    expect(page.locator(".whose")).to_contain_text("It rained.")


def test_a_batch_is_stepped_through_in_a_notebook(page, batch):
    page.set_content(f"<!doctype html><body>{batch._repr_html_()}")
    page.wait_for_selector(HOST)
    stepped_through(page)


def test_a_file_of_one_item_begins_with_it_and_has_the_others(page, batch, tmp_path):
    batch.to_html("head_view", tmp_path / "second.html", batch=1)
    opened(page, (tmp_path / "second.html").as_uri())
    expect(page.locator(".whose")).to_contain_text("Seven grey cats")
    page.get_by_label("Previous text").click()
    expect(page.locator(".whose")).to_contain_text("The animal was tired.")
    settle(page)
    page.get_by_label("Next text").click()
    expect(page.locator(".whose")).to_contain_text("Seven grey cats")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")  # Gradio leaves sockets
def test_a_batch_is_stepped_through_in_an_app(page, batch):
    import gradio as gr

    from inspector.component import Workbench

    with gr.Blocks() as demo:
        bench = Workbench()
        bench.value = bench.show(batch)
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False)
    try:
        page.goto(address)
        page.wait_for_selector(HOST)
        stepped_through(page)
    finally:
        demo.close()
