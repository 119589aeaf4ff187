"""The heat map in a real browser: what it draws, what it says, and every way to move in it."""

from __future__ import annotations

import re

import pytest
import torch
import transformers
from playwright.sync_api import Page, expect

from inspector import capture
from tests.ui.hosting import drawn, link, open_page, open_served, resized, sideways

HEAD = "view=heat-map&layer=3&heads=1"
PINNED = f"{HEAD}&query=10&key=2"
PART = re.compile(r"rows \d+–")  # zoomed in: "all 23 rows and columns" is the whole map
FIRST = 1  # the sentence has 25 tokens; [CLS] and [SEP] are folded away

PIXEL = """([x, y]) => {
  const canvas = document.querySelector('[data-view]').shadowRoot.querySelector('.heat-canvas');
  const box = canvas.getBoundingClientRect();
  const at = canvas.getContext('2d').getImageData((x - box.x) * devicePixelRatio, (y - box.y) * devicePixelRatio, 1, 1);
  return [...at.data].slice(0, 3);
}"""


CLICKED = """(selector) => {
  const host = document.querySelector('[data-view]'), root = host.shadowRoot;
  root.querySelector(selector).click();
  return [host.dataset.drawn ?? null, root.querySelector('.heat-where').textContent];
}"""


@pytest.fixture(scope="module")
def file(sentence_capture, tmp_path_factory):
    path = tmp_path_factory.mktemp("heat") / "page.html"
    sentence_capture.to_html(["heat_map", "model_view"], path)
    return path


@pytest.fixture(scope="module")
def weights(sentence_capture):
    return sentence_capture.call(3).weights(0, 1)[0, 0]


@pytest.fixture(scope="module")
def long_capture():
    """Two causal layers over 1,301 tokens: more than a page gets at once."""
    torch.manual_seed(2)
    sizes = {"vocab_size": 97, "hidden_size": 32, "intermediate_size": 64, "max_position_embeddings": 1400}
    config = transformers.LlamaConfig(num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1, **sizes)
    model = transformers.LlamaModel(config).eval()
    with torch.no_grad():
        model.layers[0].self_attn.q_proj.weight *= 20
        model.layers[0].self_attn.k_proj.weight *= 20
        with capture(model) as held:
            model(input_ids=torch.randint(0, 97, (1, 1301)))
    return held


def spot(page: Page, row: int, col: int) -> tuple[float, float]:
    """The middle of a cell on the screen, by its place on the map."""
    surface = page.locator(".heat-surface")
    x, y, cell, r0, c0, pool = map(float, surface.get_attribute("data-plot").split())
    box = surface.bounding_box()
    return box["x"] + x + ((col - c0) / pool + 0.5) * cell, box["y"] + y + ((row - r0) / pool + 0.5) * cell


def where(page: Page) -> str:
    return page.locator(".heat-where").inner_text()


def number(page: Page) -> str:
    return page.locator(".heat-number").inner_text()


def notch(page: Page, steps: int) -> None:
    """The wheel turned towards the map by so many notches, each seen before the next."""
    for _ in range(steps):
        before = where(page)
        page.mouse.wheel(0, -100)
        expect(page.locator(".heat-where")).not_to_have_text(before)
        drawn(page)


def test_a_link_opens_the_map_with_its_finding_and_the_exact_weight(page: Page, file, weights, shot) -> None:
    open_page(page, file, PINNED)
    assert page.locator("[data-view=heat_map]").first.is_visible()
    expect(page.locator(".caption")).to_have_text(
        "‘it’ looks mostly at ‘animal’ (0.57), six times what the average token gives it."
    )
    assert number(page) == f"{weights[10, 2]:.4f}"
    expect(page.locator(".heat-readout")).to_contain_text(
        "largest of 23 in this row; 14.2 times an even spread. Positions 10 → 2."
    )
    assert where(page) == "all 23 rows and columns, 1 cell = 1 weight"
    shot(page, "heat-map")


def test_every_cell_has_the_colour_of_its_square_root(page: Page, file, weights) -> None:
    open_page(page, file, HEAD)
    shown = weights[1:24, 1:24]
    ramp = [
        (0xFB, 0xFC, 0xFD),
        (0xDD, 0xEA, 0xF5),
        (0xA9, 0xCB, 0xE8),
        (0x5E, 0x9F, 0xD3),
        (0x24, 0x68, 0xAE),
        (0x12, 0x3E, 0x7C),
        (0x0A, 0x21, 0x49),
    ]
    at = [(99 - lightness) / 86 for lightness in (99, 92, 80, 63, 43, 27, 13)]
    for row, col in ((9, 1), (0, 0), (7, 8), (22, 22), (12, 5)):
        t = round(255 * float(shown[row, col] / shown.max()) ** 0.5) / 255
        i = next(i for i in range(1, 7) if t <= at[i] or i == 6)
        f = (t - at[i - 1]) / (at[i] - at[i - 1])
        wanted = [a + (b - a) * f for a, b in zip(ramp[i - 1], ramp[i], strict=True)]
        found = page.evaluate(PIXEL, spot(page, row, col))
        assert all(abs(a - b) <= 2 for a, b in zip(found, wanted, strict=True)), (row, col, found, wanted)


def test_the_pointer_reads_the_weight_under_it_and_a_click_pins_it(page: Page, file, weights) -> None:
    open_page(page, file, HEAD)
    page.mouse.move(*spot(page, 5 - FIRST, 8 - FIRST))
    expect(page.locator(".heat-readout")).to_contain_text("Under the pointer")
    expect(page.locator(".heat-number")).to_have_text(f"{weights[5, 8]:.4f}")
    assert "query" not in link(page)
    page.mouse.click(*spot(page, 5 - FIRST, 8 - FIRST))
    drawn(page)
    assert (link(page)["query"], link(page)["key"]) == ("5", "8")
    expect(page.locator(".row-panel")).to_contain_text("sums to 1")
    page.mouse.click(*spot(page, 5 - FIRST, 8 - FIRST))
    drawn(page)
    assert "query" not in link(page)


def test_the_keyboard_does_what_the_pointer_does(page: Page, file, weights) -> None:
    open_page(page, file, PINNED)
    page.locator(".heat-surface").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#heat-cell")).to_contain_text(f"was, token 12 of 25, to didn: {weights[11, 3]:.3f}")
    page.keyboard.press("Enter")
    drawn(page)
    assert (link(page)["query"], link(page)["key"]) == ("11", "3")
    page.keyboard.press("+")
    expect(page.locator(".heat-where")).to_contain_text(PART)
    before = where(page)
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".heat-where")).not_to_have_text(before)
    page.keyboard.press("0")
    expect(page.locator(".heat-where")).to_contain_text("all 23 rows")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    drawn(page)
    assert "key" not in link(page)


def test_wheel_zooms_at_the_pointer_drag_moves_and_double_click_shows_all(page: Page, file) -> None:
    open_page(page, file, HEAD)
    x, y = spot(page, 20, 20)
    page.mouse.move(x, y)
    notch(page, 2)
    expect(page.locator(".heat-where")).to_contain_text(PART)
    first, last = map(int, re.search(r"rows (\d+)–(\d+)", where(page)).groups())
    assert FIRST < first <= 21 <= last
    page.mouse.down()
    page.mouse.move(x + 200, y + 200, steps=5)
    page.mouse.up()
    expect(page.locator(".heat-where")).not_to_contain_text(f"rows {first}–")
    drawn(page)
    assert "query" not in link(page)
    page.mouse.dblclick(*spot(page, 12, 12))
    expect(page.locator(".heat-where")).to_contain_text("all 23 rows")


def test_zoomed_to_numbers_each_cell_prints_its_weight_and_a_minimap_shows_where(page: Page, file, shot) -> None:
    open_page(page, file, PINNED)
    expect(page.locator(".mini")).to_be_hidden()
    page.get_by_role("button", name="numbers").click()
    expect(page.locator(".mini")).to_be_visible()
    drawn(page)
    assert float(page.locator(".heat-surface").get_attribute("data-plot").split()[2]) >= 36
    before = where(page)
    page.locator(".mini-ground").click(position={"x": 180, "y": 180})
    expect(page.locator(".heat-where")).not_to_have_text(before)
    shot(page, "heat-map-numbers")


def test_a_map_that_moved_counts_as_drawn_when_it_is_painted(page: Page, file) -> None:
    open_page(page, file, HEAD)
    words = page.evaluate(CLICKED, "[data-zoom=numbers]")
    assert words == [None, "all 23 rows and columns, 1 cell = 1 weight"]
    drawn(page)
    assert PART.search(where(page))


@pytest.mark.parametrize(("special", "rows", "says"), [("draw", 25, "six times"), ("rescale", 23, "not the model’s own numbers")])
def test_special_tokens_can_be_drawn_or_left_out(page: Page, file, weights, special: str, rows: int, says: str) -> None:
    open_page(page, file, PINNED)
    page.locator(f"input[value={special}]").first.check()
    drawn(page)
    expect(page.locator(".heat-where")).to_contain_text(f"all {rows} rows")
    expect(page.locator(".words")).to_contain_text(says)
    scale = 1 / float(weights[10, 1:24].sum()) if special == "rescale" else 1
    expect(page.locator(".heat-number")).to_have_text(f"{float(weights[10, 2]) * scale:.4f}")


def test_linear_and_common_scale_are_choices_in_the_link(page: Page, file) -> None:
    open_page(page, file, HEAD)
    page.get_by_label("Linear").check()
    page.get_by_label("1, for all heads").check()
    drawn(page)
    assert (link(page)["colour"], link(page)["scale"]) == ("linear", "common")


def test_a_tap_points_and_a_second_tap_pins(new_page, file) -> None:
    page = new_page(420, 900, has_touch=True)
    open_page(page, file, HEAD)
    page.touchscreen.tap(*spot(page, 4, 4))
    expect(page.locator(".heat-readout")).to_contain_text("Under the pointer")
    drawn(page)
    page.touchscreen.tap(*spot(page, 4, 4))
    page.wait_for_function("() => location.hash.includes('query=5')")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_width_scrolls_sideways(page: Page, file, theme: str, shot) -> None:
    open_page(page, file, f"{PINNED}&theme={theme}")
    for width in (1400, 900, 420, 360):
        resized(page, width)
        assert sideways(page) == 0, width
        shot(page, f"heat-map-{width}-{theme}")


def test_a_picture_and_a_drawing_can_be_taken_away(page: Page, file) -> None:
    open_page(page, file, PINNED)
    for kind in ("png", "svg"):
        page.locator("[data-action=download]").click()
        with page.expect_download() as got:
            page.locator(f"[data-download={kind}]").click()
        data = got.value.path().read_bytes()
        assert got.value.suggested_filename == f"heat-map-layer-3-head-1.{kind}"
        assert data[:8] == b"\x89PNG\r\n\x1a\n" if kind == "png" else b">animal</text>" in data and b"<script" not in data


def test_a_long_map_comes_in_tiles_each_step_under_200_kb(page: Page, long_capture, shot) -> None:
    asked = open_served(page, long_capture, "view=heat-map&heads=1")
    assert [a["kind"] for a in asked] == ["head", "tile"]
    expect(page.locator(".heat-where")).to_contain_text(re.compile(r"1 (pixel|square) = mean of \d × \d weights"))
    x, y = spot(page, 900, 300)
    page.mouse.move(x, y)
    notch(page, 6)
    expect(page.locator(".heat-where")).to_contain_text("1 cell = 1 weight")
    steps = [a for a in asked[2:] if a["kind"] == "tile"]
    assert steps
    assert max(a["bytes"] for a in steps) < 200_000
    shot(page, "heat-map-long")


def test_a_cell_of_a_long_map_shows_its_own_weight(page: Page, long_capture) -> None:
    open_served(page, long_capture, "view=heat-map&heads=1&query=901&key=301")
    page.get_by_role("button", name="words").click()
    expect(page.locator(".heat-where")).to_contain_text(PART)
    drawn(page)
    exact = long_capture.call(0).weights(0, 1, [901])[0, 0, 0]
    page.mouse.move(*spot(page, 901, 305))
    expect(page.locator(".heat-readout")).to_contain_text("901 → 305")
    drawn(page)
    said = number(page).replace("−", "-")
    assert float(said) == pytest.approx(float(exact[305]), abs=6e-5)
    page.mouse.move(*spot(page, 901, 305 - 1))
    expect(page.locator(".heat-readout")).to_contain_text("901 → 304")


def test_what_the_mask_forbids_is_hatched_and_said(page: Page, long_capture) -> None:
    open_served(page, long_capture, "view=heat-map&heads=0&query=4&key=900")
    expect(page.locator(".heat-readout")).to_contain_text("Not allowed by the mask")


def test_show_as_table_gives_the_row(page: Page, file, weights) -> None:
    open_page(page, file, PINNED)
    page.locator("[data-action=table]").click()
    first = page.locator(".numbers tbody tr").first
    expect(first).to_contain_text("animal")
    expect(first).to_contain_text(f"{weights[10, 2]:.4f}")
