"""A capture as a notebook's output: inserted as Jupyter inserts it, with scripts, without, and with another cell's."""

from __future__ import annotations

import re

import pytest
from IPython.core.interactiveshell import InteractiveShell
from playwright.sync_api import expect

from inspector import notebook
from inspector.examples import EXAMPLES

pytestmark = pytest.mark.browser
PAGE = "http://127.0.0.1:9/"
LIVE = ".attention-inspector[data-drawn]"
# JupyterLab writes an output's HTML with innerHTML and then puts a copy in place of each script, which makes it run.
INSERT = """([name, text]) => {
  const output = document.createElement("div");
  output.className = name;
  output.innerHTML = text;
  for (const script of output.querySelectorAll("script")) {
    const copy = document.createElement("script");
    for (const {name, value} of script.attributes) copy.setAttribute(name, value);
    copy.textContent = script.textContent;
    script.replaceWith(copy);
  }
  document.body.append(output);
}"""


@pytest.fixture(scope="module")
def cells(bundled, sentence_capture) -> dict[str, str]:
    other = bundled("The trophy does not fit in the suitcase because it is too big.")
    return {"first": notebook.cell(sentence_capture), "second": notebook.cell(other, with_script=False)}


@pytest.fixture(scope="module")
def long_cell(bundled) -> str:
    return notebook.cell(bundled(EXAMPLES[2].text))


def brings(cell: str) -> bool:
    """Whether an output holds the script itself."""
    return re.search(r'id="inspector-\w+-script"', cell) is not None


def opened(page):
    page.route(PAGE, lambda route: route.fulfill(body="<!doctype html><body>", content_type="text/html; charset=utf-8"))
    page.goto(PAGE)
    return page


def insert(page, name: str, text: str) -> None:
    page.evaluate(INSERT, [name, text])


def test_two_cells_draw_with_one_script(page, cells, shot):
    opened(page)
    insert(page, "first", cells["first"])
    page.locator(f".first {LIVE}").wait_for()
    insert(page, "second", cells["second"])
    page.locator(f".second {LIVE}").wait_for()
    expect(page.locator(".first .caption")).to_contain_text("‘it’ looks mostly at ‘animal’")
    expect(page.locator(".second .caption")).to_contain_text("‘fit’ looks mostly at ‘suitcase’")
    assert page.locator("figure").count() == 0
    shot(page, "notebook")


def test_a_cell_that_comes_before_the_script_waits_for_it(page, cells):
    opened(page)
    insert(page, "second", cells["second"])
    expect(page.locator(".second [data-still]")).to_contain_text("stood in another cell. Run this cell again.")
    expect(page.locator(".second strong")).to_contain_text("‘fit’ gives ‘suitcase’")
    insert(page, "first", cells["first"])
    page.locator(f".second {LIVE}").wait_for()


def test_the_first_cell_may_run_again_or_be_deleted(page, cells):
    opened(page)
    insert(page, "first", cells["first"])
    page.locator(f".first {LIVE}").wait_for()
    page.evaluate("document.querySelector('.first').remove()")
    insert(page, "second", cells["second"])
    page.locator(f".second {LIVE}").wait_for()
    insert(page, "again", cells["first"])
    page.locator(f".again {LIVE}").wait_for()


def test_where_no_script_runs_the_output_is_not_empty(new_page, cells, shot):
    page = opened(new_page())
    page.evaluate("(text) => { document.body.innerHTML = text; }", cells["first"])
    expect(page.locator("figure strong")).to_contain_text("‘it’ gives ‘animal’ 0.57 of its attention")
    expect(page.locator("[data-still]")).to_contain_text("needs scripts, which do not run here")
    assert page.locator("figure img").evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 640
    shot(page, "notebook-still")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_file_without_scripts_is_not_empty(new_page, short_page, shot, scheme):
    page = new_page(java_script_enabled=False, color_scheme=scheme)
    page.goto(short_page)
    expect(page.locator("figure strong")).to_contain_text("‘it’ gives ‘animal’ 0.57 of its attention")
    expect(page.locator("figure")).to_contain_text("✓ Checked")
    shot(page, f"still-{scheme}")


def test_a_page_of_text_is_light_and_says_which_heads_it_carries(page, long_cell):
    assert len(long_cell.encode()) <= 1_500_000
    opened(page)
    insert(page, "long", long_cell)
    page.locator(f".long {LIVE}").wait_for()
    page.locator("#tab-model_view").click()
    page.wait_for_selector(".attention-inspector[data-view=model_view][data-drawn]")
    page.locator("#tab-head_view").click()
    for _ in range(12):
        page.keyboard.press("]")
        page.wait_for_selector(LIVE)
        if page.locator(".problem").count():
            break
    expect(page.locator(".problem")).to_contain_text(re.compile(r"carries \d+ of 72 heads in full"))


def test_the_first_cell_that_draws_brings_the_script_and_so_does_one_that_runs_again(sentence_capture, monkeypatch):
    for name in notebook._FRAMED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(notebook, "_ran", {})
    shell = InteractiveShell.instance()
    shell.user_ns["cap"] = sentence_capture
    shell.user_ns["outputs"] = outputs = []
    try:
        for code in ("a", "b", "a", "b", "c"):
            shell.run_cell(f"outputs.append(cap._repr_html_()); {code} = 1", store_history=True)
    finally:
        InteractiveShell.clear_instance()
    assert [brings(text) for text in outputs] == [True, False, True, True, False]
    assert len(outputs[1]) < len(outputs[0]) - 150_000


def test_outside_a_notebook_every_output_stands_alone(sentence_capture):
    assert brings(sentence_capture._repr_html_())
    assert brings(sentence_capture._repr_html_())
