"""BertViz's tab: nothing before it is asked for, then the real thing in a frame that can reach nothing."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from playwright.sync_api import expect


def beside(name: str):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


bertviz_scripts = beside("bertviz_scripts")


def test_nothing_is_fetched_before_the_button_is_pressed(page, url):
    page.goto(url + "#view=bertviz")
    page.wait_for_selector(".attention-inspector[data-view=bertviz][data-drawn]")
    expect(page.locator("iframe.bertviz-frame")).to_be_hidden()


def test_bertviz_draws_the_layer_in_a_sandbox(browser, url, shot):
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    if not bertviz_scripts.answer_cdn(context):
        pytest.skip("BertViz's own scripts come from npm, which is not here.")
    page = context.new_page()
    page.goto(url + "#view=bertviz&layer=2")
    page.wait_for_selector(".attention-inspector[data-view=bertviz][data-drawn]")
    page.locator("[data-action=bertviz]").click()
    frame = page.frame_locator("iframe.bertviz-frame")
    expect(frame.locator("svg").first).to_be_visible(timeout=30_000)
    assert page.locator("iframe.bertviz-frame").get_attribute("sandbox") == "allow-scripts"
    shot(page, "bertviz")
    context.close()


def test_without_a_network_the_frame_says_why_it_is_empty(browser, url):
    context = browser.new_context()
    context.route("https://cdnjs.cloudflare.com/**", lambda route: route.abort())
    page = context.new_page()
    page.goto(url + "#view=bertviz")
    page.wait_for_selector(".attention-inspector[data-view=bertviz][data-drawn]")
    page.locator("[data-action=bertviz]").click()
    expect(page.frame_locator("iframe.bertviz-frame").locator("body")).to_contain_text("cannot be reached")
    context.close()


def test_a_page_too_large_for_a_browser_is_refused_in_words(page, url):
    page.goto(url + "#view=bertviz&example=a-page")
    expect(page.locator(".proof")).to_contain_text("417 tokens")
    page.wait_for_selector(".attention-inspector[data-view=bertviz][data-drawn]")
    page.locator("[data-action=bertviz]").click()
    expect(page.locator(".bertviz-problem")).to_contain_text("a browser bears about")
    expect(page.locator("iframe.bertviz-frame")).to_be_hidden()
