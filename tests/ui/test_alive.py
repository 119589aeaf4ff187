"""A run whose end never arrives: the page asks whether it still goes on, and says when it does not."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from inspector.views.requests import answer
from tests.ui.hosting import open_served

BUSY = "run => window.mounted.update({busy: {step: 'Running', cancel: true, run}})"


@pytest.mark.parametrize("going", [True, False, None], ids=["going", "ended", "out of reach"])
def test_a_run_the_server_knows_no_longer_is_said_to_be_lost(page, sentence_capture, going):
    page.clock.install()

    def told(request):
        if request["kind"] == "running":
            return None if going is None else {"running": going}
        return answer(sentence_capture, request)

    says = "cannot be reached" if going is None else "works on it no longer"
    asked = open_served(page, sentence_capture, host="app", answering=told)
    page.evaluate(BUSY, "a-run")
    for _ in range(3):
        page.clock.run_for(4000)
        page.evaluate("0")
    card = page.locator(".problem")
    expect(card).to_have_count(0 if going else 1)
    expect(page.locator(".progress")).to_be_visible() if going else expect(card).to_contain_text(says)
    assert all(request["run"] == "a-run" for request in asked if request["kind"] == "running")
