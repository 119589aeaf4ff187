"""What a test does with a page of the head view: open it, wait for a drawing, find tokens, read what is said."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

HOST = ".attention-inspector[data-drawn]"


def opened(page: Page, address: str, link: str = "") -> Page:
    """The page at an address, drawn."""
    page.goto(address + link)
    page.wait_for_selector(HOST)
    return page


def settle(page: Page) -> None:
    """Waits until a drawing that began is finished."""
    page.wait_for_function("() => document.querySelector('.attention-inspector').dataset.drawn")


def inside(page: Page, code: str):
    """The value of code in which root is the workbench's shadow root and all(selector) an array of its elements."""
    return page.evaluate(
        "() => { const root = document.querySelector('.attention-inspector').shadowRoot;"
        f"const all = (selector) => Array.from(root.querySelectorAll(selector)); return {code}; }}"
    )


def caption(page: Page) -> str:
    return page.locator(".caption").inner_text()


def legend(page: Page) -> str:
    return " ".join(page.locator(".legend-words").all_text_contents())


def query(page: Page, position: int) -> Locator:
    """What takes the pointer for a token that looks."""
    return page.locator(f".query[data-query='{position}'] .hit")


def key(page: Page, position: int) -> Locator:
    """What takes the pointer for a token looked at."""
    return page.locator(f".key[data-key='{position}'] .hit")


def number(page: Page, position: int) -> str:
    """The weight printed beside a token looked at."""
    return page.locator(f".key[data-key='{position}'] .number").text_content()


def link(page: Page) -> str:
    return page.evaluate("location.hash")
