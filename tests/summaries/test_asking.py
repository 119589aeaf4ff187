"""Asking for a summary: what is kept, how it is chosen, how it is stopped, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from inspector.captures import AttentionCall, Capture
from inspector.errors import Cancelled, CaptureError, OutOfRange
from inspector.masks import Mask
from inspector.scores import Scores
from inspector.tokens import numbered


def capture_of(n=211, layers=3, mask=None, **options) -> Capture:
    calls = [
        AttentionCall(
            f"layer.{i}", Scores(torch.randn(1, 2, n, 5), torch.randn(1, 2, n, 5), 0.4, mask or Mask(right=0), **options)
        )
        for i in range(layers)
    ]
    return Capture(calls=calls)


def test_a_summary_is_computed_once():
    cap = capture_of()
    first = cap.summarize()
    again = cap.summarize()
    for name in ("entropy", "received", "pooled"):
        assert [getattr(a, name) is getattr(b, name) for a, b in zip(first.layers, again.layers, strict=True)] == [True] * 3
    assert cap.summarize(pool=8).layers[0].pooled is not first.layers[0].pooled


@pytest.mark.parametrize("mask", [Mask(right=0), Mask(), Mask(left=40, right=0), Mask(keys=torch.arange(211)[None] > 8)])
@pytest.mark.parametrize("options", [{"pool": 17}, {"without": [0]}, {"without": []}, {"without": range(5, 90), "pool": 100}])
def test_another_pooled_map_is_that_of_a_fresh_summary(mask, options):
    cap = capture_of(mask=mask, layers=1)
    base = cap.summarize().layers[0]
    found = cap.summarize(**options).layers[0]
    fresh = Capture(calls=[AttentionCall("again", cap.calls[0].evidence)]).summarize(**options).layers[0]
    assert found.entropy is base.entropy
    torch.testing.assert_close(found.pooled, fresh.pooled, atol=1e-6, rtol=0)
    assert torch.equal(found.pooled_keys, fresh.pooled_keys)


def test_whoever_minds_no_map_takes_the_summary_that_is_there():
    cap = capture_of(layers=1)
    found = cap.summarize(pool=17, without=[0]).layers[0]
    assert cap.summarize(pool=None).layers[0].pooled is found.pooled
    assert capture_of(layers=1).summarize(pool=None).layers[0].pooled.shape == (2, 64, 64)


def test_leaving_special_tokens_out_by_hand_is_what_is_done_anyway(sentence_capture):
    special = [i for i, flag in enumerate(sentence_capture.sequences["input"][0].special) if flag]
    by_hand, anyway = (sentence_capture.summarize(**o).layers[0] for o in ({"without": special}, {}))
    assert by_hand.pooled is anyway.pooled


def test_the_strongest_keys_of_the_rows_asked_for_are_those_of_the_map():
    cap = capture_of(layers=2)
    found = cap.summarize(top=[200, 0, -1], top_count=5).top[1]
    weights = cap.calls[1].weights(0)[0]
    for row, place in enumerate((200, 0, 210)):
        best = weights[:, place].topk(5)
        torch.testing.assert_close(found.weights[:, row], best.values, atol=1e-6, rtol=0)  # three rows at a time, or all
        torch.testing.assert_close(found.others[:, row], 1 - best.values.sum(-1), atol=1e-5, rtol=0)
    assert found.queries.tolist() == [200, 0, 210]
    assert torch.equal(found.keys[:, 0], weights[:, 200].topk(5).indices)
    with pytest.raises(OutOfRange, match="Query 211"):
        cap.summarize(top=[211])


def test_long_causal_attention_goes_through_the_fused_kernel_and_says_so():
    summary = capture_of().summarize()
    assert summary.how == {f"layer.{i}": "fused: causal attention" for i in range(3)}
    assert "3 fused" in repr(summary)


@pytest.mark.parametrize(
    ("mask", "options", "reason"),
    [
        (Mask(left=9, right=0), {}, "sliding window"),
        (Mask(bias=torch.randn(1, 2, 211, 211)), {}, "position bias"),
        (Mask(), {"softcap": 3.0}, "soft-cap"),
        (Mask(dense=torch.rand(1, 1, 211, 211) > 0.5), {}, "irregular"),
        (Mask(keys=torch.arange(211)[None] % 2 == 0), {}, "scattered"),
    ],
)
def test_what_the_fused_kernel_cannot_do_is_done_in_blocks_and_says_why(mask, options, reason):
    cap = capture_of(mask=mask, layers=1, **options)
    layer = cap.summarize().layers[0]
    assert layer.how == "blocked"
    assert reason in layer.why
    with pytest.raises(CaptureError, match=reason):
        cap.summarize(how="fused")


def test_a_boolean_table_that_is_causal_order_is_recognised():
    table = torch.ones(211, 211, dtype=torch.bool).tril()
    assert capture_of(mask=Mask(dense=table)).summarize().layers[0].how == "fused"


def test_a_boolean_table_that_is_a_window_costs_only_the_window():
    table = torch.ones(211, 211, dtype=torch.bool).tril().triu(-16)
    mask = capture_of(mask=Mask(dense=table)).summarize().layers[0].mask
    assert (mask.left, mask.right, mask.dense) == (16, 0, None)


def test_progress_ends_at_one_and_never_goes_back():
    seen: list[float] = []
    capture_of().summarize(progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0)
    assert len(seen) >= 6


@pytest.mark.parametrize("mask", [Mask(right=0), Mask(left=9, right=0)])
def test_a_summary_can_be_cancelled_and_asked_for_again(mask):
    cap = capture_of(mask=mask)
    with pytest.raises(Cancelled, match="cancelled"):
        cap.summarize(progress=lambda share: share < 0.4)
    assert len(cap.summarize()) == 3


def test_an_error_in_the_progress_report_stops_the_work():
    def report(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        capture_of().summarize(progress=report)


def test_only_the_group_asked_for_is_summarised():
    query = torch.randn(1, 1, 7, 3)
    cap = Capture(calls=[AttentionCall(t, Scores(query, query, 1.0), tower=t) for t in ("encoder", "decoder")])
    assert [layer.call.name for layer in cap.summarize(tower="decoder").layers] == ["decoder"]


@pytest.mark.parametrize("span", [slice(0, 300), [211], [-212], slice(5, 5), []])
def test_a_span_that_does_not_exist_is_refused(span):
    with pytest.raises(OutOfRange, match=r"0 to 210"):
        capture_of().summarize(spans={"mine": span})


def test_a_batch_item_that_does_not_exist_is_refused():
    with pytest.raises(OutOfRange, match=r"There are 1\. Use 0\."):
        capture_of().summarize(batch=1)


def test_a_way_that_does_not_exist_is_refused():
    with pytest.raises(CaptureError, match="auto, fused and blocked"):
        capture_of().summarize(how="guess")


@pytest.mark.parametrize("tokens", [19, 211])
def test_a_capture_that_is_let_go_takes_all_that_was_computed_along_at_once(tokens):
    import gc
    import weakref

    from inspector import measure

    cap = capture_of(tokens, layers=2)
    entropy = cap.summarize(pool=5).layers[1].entropy
    measure(cap, "confidence")
    cap.calls[1].tile(1, pool=2)
    gone = [weakref.ref(one) for one in (cap, cap.calls[1], cap.calls[1].evidence.query, entropy)]
    del entropy
    gc.disable()  # nothing waits for the collector
    try:
        del cap
        assert [one() for one in gone] == [None] * 4
    finally:
        gc.enable()


def test_summarising_leaves_no_gradient_and_changes_no_mode():
    query = torch.randn(1, 2, 211, 5, requires_grad=True)
    cap = Capture(calls=[AttentionCall("layer", Scores(query, query, 1.0, Mask(right=0)))])
    layer = cap.summarize().layers[0]
    assert not layer.entropy.requires_grad
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("how", ["fused", "blocked"])
def test_scores_beyond_float32_are_refused_not_turned_into_nan(how):
    query = torch.full((1, 1, 211, 4), 1e20)
    cap = Capture(calls=[AttentionCall("layer.3", Scores(query, query, 1.0, Mask(right=0)))])
    with pytest.raises(CaptureError, match=r"layer\.3.*211 rows are not finite"):
        cap.summarize(how=how)


def test_numbers_at_padding_may_be_anything():
    query = torch.randn(1, 2, 211, 5)
    keep = torch.arange(211)[None] < 200
    query[:, :, 200:] = float("nan")
    cap = Capture(calls=[AttentionCall("layer", Scores(query, query, 0.4, Mask(right=0, keys=keep)))])
    tokens = numbered(211)
    cap.sequences["input"] = (replace(tokens, padding=tuple(not k for k in keep[0].tolist())),)
    layer = cap.summarize().layers[0]
    assert not layer.entropy[:, :200].isnan().any()
    assert not layer.received.isnan().any()
