"""The heat map with input that is long, broken, hostile, not square, or touched with two fingers."""

from __future__ import annotations

import pytest
import torch
import transformers
from playwright.sync_api import Page, expect

from inspector import capture
from tests.ui.hosting import drawn, link, open_page, open_served
from tests.ui.test_heat_map import PART, long_capture, spot, where

__all__ = ["long_capture"]

HOSTILE = "<img src=x onerror=alert(1)> {{7*7}} ${document.title} </script><script>alert(2)</script> naïve 你好 שלום"
WORDS = "The keeper counted the boats at the pier and wrote each name into a green book that nobody else could read. "


@pytest.fixture(scope="module")
def long_page(bundled, tmp_path_factory):
    path = tmp_path_factory.mktemp("long") / "page.html"
    bundled(WORDS * 7 + "At last a goose came.").to_html(["heat_map"], path)
    return path


def small_llama(token_with_nan: int | None = None) -> torch.nn.Module:
    torch.manual_seed(3)
    sizes = {"vocab_size": 29, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "max_position_embeddings": 32}
    model = transformers.LlamaModel(transformers.LlamaConfig(num_attention_heads=2, num_key_value_heads=1, **sizes)).eval()
    if token_with_nan is not None:
        with torch.no_grad():
            model.embed_tokens.weight[token_with_nan] = float("nan")
    return model


def test_two_fingers_zoom(new_page, long_page) -> None:
    page = new_page(420, 900, has_touch=True)
    open_page(page, long_page, "view=heat-map&layer=0&heads=2")
    x, y = spot(page, 40, 40)
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, apart: float) -> None:
        points = [{"x": x - apart, "y": y, "id": 1}, {"x": x + apart, "y": y, "id": 2}] if kind != "touchEnd" else []
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 15)
    for apart in (20, 30, 45, 60):
        touch("touchMove", apart)
    touch("touchEnd", 0)
    expect(page.locator(".heat-where")).to_contain_text(PART)
    assert "query" not in link(page)


def test_a_token_that_is_searched_for_comes_close_enough_to_read(page: Page, long_page) -> None:
    open_page(page, long_page, "view=heat-map&layer=0&heads=2")
    expect(page.locator(".heat-where")).to_contain_text("all ")
    page.keyboard.press("/")
    page.keyboard.type("goose")
    page.keyboard.press("Enter")
    drawn(page)
    assert float(page.locator(".heat-surface").get_attribute("data-plot").split()[2]) >= 11
    expect(page.locator(".caption")).to_contain_text("‘goose’")


def test_the_window_stays_when_the_head_changes(page: Page, long_page) -> None:
    open_page(page, long_page, "view=heat-map&layer=0&heads=2&query=30&key=29")
    page.get_by_role("button", name="words").click()
    expect(page.locator(".heat-where")).to_contain_text(PART)
    drawn(page)
    before = where(page)
    page.locator("[data-step='Head 1']").click()
    drawn(page)
    assert link(page)["heads"] == "3"
    assert where(page) == before


def test_pieces_can_be_joined_to_words(page: Page, bundled, tmp_path) -> None:
    file, cap = tmp_path / "page.html", bundled("An unbelievably gargantuan hippopotamus snored.")
    cap.to_html(["heat_map"], file)
    tokens = cap.query_tokens(cap.call(2), 0)
    labels, continues = list(tokens.labels), list(tokens.continues)
    weights, first = cap.call(2).weights(0, 3)[0, 0], continues.index(True) - 1
    last = next(i for i in range(first + 1, len(labels)) if not continues[i])
    open_page(page, file, f"view=heat-map&layer=2&heads=3&query={last}&key={first}")
    page.get_by_label("Words, not pieces").check()
    drawn(page)
    words = len(labels) - 2 - sum(continues)
    expect(page.locator(".heat-where")).to_contain_text(f"all {words} rows")
    end = next(i for i in range(last + 1, len(labels)) if not continues[i])
    wanted = weights[last:end, first:last].sum(1).mean()
    expect(page.locator(".heat-number")).to_have_text(f"{float(wanted):.4f}")


def test_tokens_that_look_like_code_are_only_read(page: Page, bundled, tmp_path) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    file = tmp_path / "page.html"
    bundled(HOSTILE).to_html(["heat_map"], file)
    open_page(page, file, "view=heat-map&layer=3&heads=1&query=2&key=3")
    page.locator("[data-action=download]").click()
    with page.expect_download() as got:
        page.locator("[data-download=svg]").click()
    drawing = got.value.path().read_text("utf-8")
    assert "<script" not in drawing
    assert "<img" not in drawing
    assert not dialogs


def test_what_is_not_a_number_is_said_and_never_a_colour(page: Page) -> None:
    model, ids = small_llama(token_with_nan=5), torch.randint(6, 29, (1, 13))
    ids[0, 7] = 5
    with pytest.warns(UserWarning, match="failed their proof"), torch.no_grad(), capture(model) as broken:
        model(input_ids=ids)
    open_served(page, broken, "view=heat-map&query=9&key=4")
    expect(page.locator(".caption")).to_contain_text("not a number")
    expect(page.locator(".heat-number")).to_have_text("NaN")


def test_attention_from_one_text_to_another_keeps_its_cells_square(page: Page) -> None:
    torch.manual_seed(5)
    sizes = {"vocab_size": 31, "d_model": 8, "encoder_ffn_dim": 8, "decoder_ffn_dim": 8, "max_position_embeddings": 32}
    layers = {"encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
    ends = {"pad_token_id": 0, "decoder_start_token_id": 0, "eos_token_id": 1}
    model = transformers.MarianModel(transformers.MarianConfig(**sizes, **layers, **ends)).eval()
    with torch.no_grad(), capture(model) as cross:
        model(input_ids=torch.randint(2, 31, (1, 17)), decoder_input_ids=torch.randint(2, 31, (1, 5)))
    open_served(page, cross, "view=heat-map&group=decoder.cross&special=draw&query=3&key=11")
    assert where(page) == "all 5 rows, 17 columns, 1 cell = 1 weight"
    expect(page.locator(".heat-number")).to_have_text(f"{cross.group('decoder', 'cross')[0].weights(0, 0)[0, 0, 3, 11]:.4f}")


def test_blocks_of_a_long_map_can_show_their_largest_weight(page: Page, long_capture) -> None:
    asked = open_served(page, long_capture, "view=heat-map&heads=1")
    page.get_by_label("Their largest").check()
    drawn(page)
    expect(page.locator(".heat-where")).to_contain_text("largest of")
    assert [a.get("largest", False) for a in asked if a["kind"] == "tile"] == [False, True]
    assert link(page)["pooling"] == "largest"
