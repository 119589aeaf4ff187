"""Back goes back: a tab or another capture is a step of its own, what is pinned on the way is not."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from inspector.views.assets import script
from inspector.views.manifest import manifest_of
from inspector.views.requests import answer
from tests.ui.hosting import ADDRESS, drawn
from tests.ui.pages import HOST, link, opened, query

pytestmark = pytest.mark.browser

# The app's side of it: a link that names a text brings the capture of that text.
_MOUNT = """async () => {
  const A = %s;
  let of = "first";
  const get = (request) => window.ask({...request, of});
  window.open = async (name) => {
    const value = await window.value(name);
    of = name;
    window.mounted.update(value);
    window.shown = name;
  };
  window.mounted = A.mount(document.querySelector(".attention-inspector"),
    {value: await window.value("first"), host: "app", act: (action) => window.open(action.text), get});
}""" % script()  # noqa: UP031


@pytest.fixture(scope="module")
def two(sentence_capture, tmp_path_factory) -> str:
    """The address of a page of two views."""
    path = tmp_path_factory.mktemp("history") / "two.html"
    sentence_capture.to_html(["head_view", "heat_map"], path, start={"layer": 3, "heads": [1], "query": 10})
    return path.as_uri()


def view(page: Page):
    return page.locator(".attention-inspector")


def back(page: Page, name: str, forward: bool = False) -> None:
    """Goes a step back, or forward, to where that view is drawn."""
    page.evaluate(f"history.{'forward' if forward else 'back'}()")
    expect(view(page)).to_have_attribute("data-view", name)
    drawn(page)


def test_back_returns_to_the_former_tab_with_what_was_pinned_there_and_forward_to_the_next(page, two):
    page.goto("about:blank")
    opened(page, two)
    before = page.evaluate("history.length")
    query(page, 20).click()
    page.keyboard.press("]")
    assert page.evaluate("history.length") == before  # pinning is no step
    left = link(page)
    page.get_by_role("tab", name="Heat map").click()
    expect(view(page)).to_have_attribute("data-view", "heat_map")
    page.keyboard.press("]")
    assert page.evaluate("history.length") == before + 1
    gone = link(page)
    back(page, "head_view")
    assert link(page) == left
    expect(page.locator(".query.pinned")).to_have_attribute("data-query", "20")
    back(page, "heat_map", forward=True)
    assert link(page) == gone


def test_back_brings_the_settings_of_that_step_not_those_chosen_since(page, two):
    opened(page, two)
    page.get_by_role("tab", name="Heat map").click()
    page.get_by_role("radio", name="Draw like any token").check()
    drawn(page)
    assert "special=draw" in link(page)
    back(page, "head_view")
    assert "special" not in link(page)
    expect(page.get_by_role("radio", name="Fold into a side bar")).to_be_checked()


def test_back_after_another_capture_asks_for_the_former_one_and_forward_for_the_next(page: Page, bundled, sentence_capture):
    captures = {"first": sentence_capture, "second": bundled("A cat sat.")}
    values = {name: manifest_of(cap, identity=name) | {"link": {"text": name}} for name, cap in captures.items()}
    page.expose_function("ask", lambda request: answer(captures[request["of"]], request))
    page.expose_function("value", lambda name: {"manifest": values[name]})
    page.route(
        ADDRESS,
        lambda route: route.fulfill(body="<!doctype html><div class='attention-inspector'></div>", content_type="text/html"),
    )
    page.goto(ADDRESS)
    page.evaluate(_MOUNT)
    page.wait_for_selector(HOST)
    length = page.evaluate("history.length")
    page.evaluate("window.open('second')")
    drawn(page)
    assert page.evaluate("history.length") == length + 1
    for forward, name in ((False, "first"), (True, "second"), (False, "first")):
        page.evaluate(f"history.{'forward' if forward else 'back'}()")
        page.wait_for_function("(name) => window.shown === name", arg=name)
        drawn(page)
        assert f"text={name}" in link(page)
    assert page.evaluate("history.length") == length + 1
