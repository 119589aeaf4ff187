"""Visitors with a keyboard, with forced colours, with a screen reader: in the real app."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from inspector.views import DEMOS, VIEWS
from tests.ui.test_frame import choose, opened

pytestmark = pytest.mark.browser
TABS = [*VIEWS, *DEMOS]

# The focused element, seen through shadow roots: what it is, and how it shows that it has the focus.
_FOCUSED = """() => {
  let at = document.activeElement;
  while (at.shadowRoot && at.shadowRoot.activeElement) at = at.shadowRoot.activeElement;
  const style = getComputedStyle(at), field = at.closest("#form .block"), ring = field ? getComputedStyle(field).boxShadow : "";
  const inner = at.querySelector(".ground") ? getComputedStyle(at.querySelector(".ground")) : null;
  const shows = ring.includes("inset") ? ring.match(/rgba?\\([^)]*\\)/)[0]
    : style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 ? style.outlineColor
    : inner && parseFloat(inner.strokeWidth) >= 2 ? inner.stroke : null;
  return {name: (at.getAttribute("aria-label") || at.textContent || at.id || at.tagName).trim().slice(0, 40), shows,
    last: at === document.body, picture: !!at.closest(".picture")};
}"""


def luminance(colour: str) -> float:
    """Relative luminance of "rgb(r, g, b)" (WCAG 2)."""
    channels = [float(value) / 255 for value in re.findall(r"[\d.]+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_picture_is_within_eight_tabs_of_the_top_in_every_view(page: Page, url):
    opened(page, url)
    for name in TABS:
        choose(page, name)
        page.evaluate("document.activeElement.blur(); getSelection().removeAllRanges()")
        page.locator("h1").click()  # the browser goes on from where one clicked
        page.keyboard.press("Shift+Tab")
        assert page.evaluate(_FOCUSED)["name"] == "Skip to the picture"
        page.keyboard.press("Enter")
        for _ in range(7):
            if (at := page.evaluate(_FOCUSED))["picture"]:
                break
            page.keyboard.press("Tab")
        assert at["picture"], (name, at)
    choose(page, "head_view")
    page.locator("h1").click()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".query.pinned")).to_have_attribute("data-query", "11")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_whatever_has_the_focus_shows_it(new_page, url, theme):
    page = opened(new_page(color_scheme=theme), url, f"#theme={theme}")
    grounds = {"light": ("rgb(244, 246, 248)", "rgb(255, 255, 255)"), "dark": ("rgb(14, 18, 22)", "rgb(22, 27, 33)")}[theme]
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        at = page.evaluate(_FOCUSED)
        if at["last"]:
            break
        seen.append(at["name"])
        assert at["shows"], at
        assert all(contrast(at["shows"], ground) >= 3 for ground in grounds), at
    assert {"Model", "Inspect", "One sentence", "Find a token", "One head", "Translate", "Previous layer"} <= set(seen)


def test_the_menu_of_models_opens_when_asked_and_closes_when_left(page: Page, url):
    opened(page, url)
    field, menu = page.locator("#model input"), page.locator("#model .options")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    expect(menu).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#text textarea")).to_be_focused()
    expect(menu).to_be_hidden()
    expect(field).to_have_attribute("aria-expanded", "false")
    field.click()
    expect(menu).to_be_visible()
    page.get_by_label("Keyboard shortcuts").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(menu).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


# What carries numbers or marks a choice, as it is painted where a system forces its colours.
_PAINTED = """() => {
  const root = document.querySelector(".attention-inspector").shadowRoot;
  const all = (selector) => [...root.querySelectorAll(selector)];
  const painted = (one) => getComputedStyle(one).backgroundColor;
  const style = (selector) => getComputedStyle(root.querySelector(selector));
  const [chosen, other] = ["true", "false"].map((on) => all(".tab").find((tab) => tab.ariaSelected === on));
  return {cells: new Set(all(".nav-cell").map(painted)).size, ground: getComputedStyle(document.body).backgroundColor,
    ring: style(".nav-cell.on").outlineColor, bar: style(".bar-fill").backgroundColor, ramp: style(".ramp").backgroundImage,
    rest: style(".bar-fill.rest").backgroundImage, chip: painted(root.querySelector(".chips .chip[aria-pressed=true]")),
    plain: painted(root.querySelector(".chips .chip[aria-pressed=false]")),
    word: style(".one-head .query .token").fill, picture: style(".one-head").backgroundColor,
    tabs: [getComputedStyle(chosen).borderBottomColor, getComputedStyle(other).borderBottomColor]};
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_leave_navigator_bars_maps_and_the_choice_visible(new_page, url, shot, scheme):
    page = opened(new_page(forced_colors="active", color_scheme=scheme), url)
    found = page.evaluate(_PAINTED)
    assert found["cells"] > 20
    for part in ("ring", "bar", "chip"):
        assert contrast(found[part], found["ground"]) >= 3, part
    assert found["chip"] != found["plain"]
    assert "gradient" in found["ramp"]
    assert "gradient" in found["rest"]
    assert contrast(found["word"], found["picture"]) >= 4.5
    assert found["tabs"][0] != found["tabs"][1]
    shot(page, f"forced-{scheme}-head")
    for name in ("model_view", "heat_map", "head_atlas"):
        choose(page, name)
        for canvas in page.locator(".picture canvas").all():
            if canvas.is_visible():
                assert canvas.evaluate("(one) => getComputedStyle(one).forcedColorAdjust") == "none"
        shot(page, f"forced-{scheme}-{name}")


@pytest.mark.parametrize("width", [1400, 390])
def test_axe_finds_nothing_on_any_tab_in_either_theme(new_page, url, width):
    touch = {"has_touch": True, "is_mobile": True} if width < 500 else {}
    page = opened(new_page(width, 900, **touch), url)
    page.evaluate(Axe().axe_script)
    found = {}
    contrast_only, but_contrast = {"runOnly": ["color-contrast"]}, {"rules": {"color-contrast": {"enabled": False}}}
    # a theme changes colours and nothing else; colours, the dearest rule, are those of the wide page
    for theme, rules in (("light", {} if width > 500 else but_contrast), ("dark", contrast_only)):
        options = {"resultTypes": ["violations"]} | rules
        for name in TABS:
            choose(page, name)
            broken = page.evaluate("(options) => axe.run(document, options).then((result) => result.violations)", options)
            found[name, theme] = [(rule["id"], node["html"][:120]) for rule in broken for node in rule["nodes"]]
        page.locator("[data-action=theme]").click()
    assert not any(found.values()), found
