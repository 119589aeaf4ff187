"""What was computed is kept once, beside what it belongs to, within a bound, whoever asks at the same time."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from inspector.cache import Cache, remembered, size_of


class Owner:
    """Anything that something was computed about."""


def test_one_of_many_threads_computes_and_the_others_wait():
    cache, owner, computed, start = Cache(10**6), Owner(), [], threading.Barrier(8)

    def ask(_):
        start.wait()
        return cache.once(owner, "a", lambda: computed.append(time.sleep(0.05)) or torch.rand(3))

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(ask, range(8)))
    assert len(computed) == 1
    assert all(one is found[0] for one in found)


def test_other_keys_are_computed_meanwhile():
    cache, owner, inside = Cache(10**6), Owner(), threading.Barrier(2, timeout=20)
    with ThreadPoolExecutor(2) as threads:  # each waits inside for the other: one lock around both would wait for ever
        found = list(threads.map(lambda key: cache.once(owner, key, lambda: inside.wait() * 0 + len(key)), ["a", "bc"]))
    assert found == [1, 2]


def test_a_value_may_be_computed_from_another():
    cache, owner = Cache(10**6), Owner()
    assert cache.once(owner, "two", lambda: 2 * cache.once(owner, "one", lambda: 1)) == 2
    assert cache.at_hand(owner, "one") == 1


def test_an_error_is_not_kept():
    cache, owner = Cache(10**6), Owner()
    with pytest.raises(ZeroDivisionError):
        cache.once(owner, "a", lambda: 1 // 0)
    assert cache.at_hand(owner, "a") is None
    assert cache.once(owner, "a", lambda: 5) == 5


def test_a_value_goes_with_its_owner_at_once():
    cache, owner = Cache(10**6), Owner()
    value = cache.once(owner, "a", lambda: torch.zeros(1000))
    gone, before = weakref.ref(value), cache.nbytes
    assert before >= 4000
    del value
    assert gone() is not None
    gc.disable()  # no collector has to come by
    try:
        del owner
        assert gone() is None
    finally:
        gc.enable()
    assert cache.nbytes == 0


def test_objects_of_one_address_are_not_taken_for_each_other():
    cache = Cache(10**6)
    for number in range(50):  # each likely lies where the last one lay
        assert cache.once(Owner(), "a", lambda number=number: number) == number


def test_what_was_not_looked_at_for_longest_is_forgotten_within_the_bound():
    each = size_of(torch.zeros(1000))
    cache, owner = Cache(3 * each), Owner()
    for key in "abc":
        cache.once(owner, key, lambda: torch.zeros(1000))
    assert cache.at_hand(owner, "a") is not None  # looked at again
    cache.once(owner, "d", lambda: torch.zeros(1000))
    assert [cache.at_hand(owner, key) is not None for key in "abcd"] == [True, False, True, True]
    assert cache.nbytes == 3 * each
    assert len(cache.once(owner, "large", lambda: torch.zeros(5000))) == 5000  # given, and not kept
    assert cache.at_hand(owner, "large") is None


def test_an_owner_that_goes_while_another_value_is_filed_does_not_stop_the_filing():
    cache, first = Cache(3 * size_of(torch.zeros(1000))), Owner()

    def holds_an_owner():
        inner = Owner()
        cache.once(inner, "inner", lambda: torch.zeros(1000))
        return [inner, torch.zeros(1500)]

    cache.once(first, "a", holds_an_owner)
    cache.once(first, "b", lambda: torch.zeros(2000))  # pushes "a" out, and with it the owner of "inner"
    assert cache.at_hand(first, "a") is None
    assert cache.nbytes == size_of(torch.zeros(2000))


def test_a_function_remembers_what_it_gave():
    asked = []

    @remembered
    def double(number: int) -> int:
        """Twice."""
        asked.append(number)
        return 2 * number

    assert [double(3), double(3), double(4), double(number=4)] == [6, 6, 8, 8]
    assert asked == [3, 4, 4]
    assert double.__doc__ == "Twice."


def test_sizes_are_those_of_the_tensors_and_texts_inside():
    empty = size_of([torch.zeros(0)])
    table = torch.zeros(7, 3, dtype=torch.float64)
    assert size_of([table]) - empty == 7 * 3 * 8
    assert size_of([table, table]) - size_of([table]) < 20  # counted once
    assert size_of({"a": ("x" * 5000,)}) > 5000
    holder = Owner()
    holder.kept = table
    assert size_of(holder) > 7 * 3 * 8
