"""A capture in somebody else's Gradio app: as plain HTML, in a frame, and as the workbench itself."""

from __future__ import annotations

import gradio as gr
import pytest
from playwright.sync_api import expect

from inspector.component import Workbench

# Gradio leaves the sockets open with which it looked for a free port
pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]
DRAWN = ".attention-inspector[data-drawn]"


@pytest.fixture(scope="module")
def theirs(sentence_capture):
    """An app that knows nothing of ours but three lines."""
    with gr.Blocks(analytics_enabled=False) as demo:
        with pytest.warns(UserWarning, match="script"):  # Gradio says that it runs none
            gr.HTML(sentence_capture.to_html(), elem_id="plain")
        gr.HTML(sentence_capture.to_html(frame=True), elem_id="framed")
        bench = Workbench(elem_id="bench")
        bench.value = bench.show(sentence_capture)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
        _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False, _frontend=False)
    yield url
    demo.close(verbose=False)


@pytest.fixture
def page(browser):
    """A visitor's page; the one complaint it may log is about the head of a whole document inside another one."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page, trouble = context.new_page(), []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda m: trouble.append(m.text) if m.type == "error" else None)
    page.set_default_timeout(30_000)
    yield page
    context.close()
    assert [one for one in trouble if "outside the document's <head>" not in one] == []


def test_plain_html_shows_the_still_picture_and_says_what_works(page, theirs):
    page.goto(theirs)
    expect(page.locator("#plain figure strong")).to_contain_text("‘it’ gives ‘animal’ 0.57")
    expect(page.locator("#plain [data-still]")).to_contain_text("cap.to_html(…, frame=True)")


def test_in_a_frame_the_page_is_live_and_can_reach_nothing_around_it(page, theirs, shot):
    page.goto(theirs)
    frame = page.frame_locator("#framed iframe")
    expect(frame.locator(".caption")).to_contain_text("‘it’ looks mostly at ‘animal’")
    assert page.locator("#framed iframe").get_attribute("sandbox") == "allow-scripts allow-downloads"
    shot(page, "somebodys-app")


def test_the_workbench_brings_its_script_where_no_file_of_it_is_served(page, theirs):
    page.goto(theirs)
    page.locator(f"#bench {DRAWN}").wait_for()
    expect(page.locator("#bench .caption")).to_contain_text("‘it’ looks mostly at ‘animal’")
    page.locator("#bench .tab").nth(1).click()
    page.locator("#bench .attention-inspector[data-view=model_view][data-drawn]").wait_for()
