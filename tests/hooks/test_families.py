"""Every family: the weights eager attention reports, proved, changing nothing, leaving no trace; saved and loaded equal."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from inspector import Inspector, capture
from tests.hooks.matching import same_calls, same_output, state_of, unmatched
from tests.hooks.received import mislabelled, received, vocabulary
from tests.hooks.relations import reasons_for
from tests.saved import differences, saved_and_loaded
from tests.tiny_models import FAMILIES, Family

WORDS = vocabulary()


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_capture_equals_eager_attention_and_changes_nothing_and_can_be_saved(family: Family, tmp_path: Path) -> None:
    model = family.model()
    inputs = family.feed(model)
    before = state_of(model)
    with torch.no_grad():
        torch.manual_seed(2)
        plain = model(**inputs)
        rng_plain = torch.get_rng_state()
        torch.manual_seed(2)
        with received(model) as given, capture(model, tokenizer=WORDS, proof_rows=None) as cap:
            watched = model(**inputs)
        rng_watched = torch.get_rng_state()
    assert same_output(plain, watched)
    assert torch.equal(rng_plain, rng_watched)
    assert state_of(model) == before
    assert cap.calls
    assert not [miss for miss in cap.missing if "failed" in miss.reason]
    assert not cap.failed
    torch.manual_seed(2)
    assert same_calls(Inspector(model)(inputs), cap)  # the door lets every family in, and adds nothing
    assert state_of(model) == before
    assert not mislabelled(cap, given)
    assert not differences(cap, saved_and_loaded(cap, tmp_path))
    left = unmatched(cap, family.reference(inputs))
    assert bool(left) == bool(family.eager_differs)
    if left:
        assert all(reasons_for(family.model("eager"), inputs, left).values())
