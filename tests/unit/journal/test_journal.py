"""The journal takes every entry once in effect, whatever the stream does, and tells who altered it."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.ledger.chain import canonical
from octane.ledger.entries import Entry, transfer
from octane.ledger.journal import append, heads, read_blocks, read_day
from octane.store.blocks import LOOK_BACK
from octane.store.chain import ChainBrokenError, chain_of, day_of
from octane.store.objects import Objects
from world.objects import MemoryObjects

NOON = Instant(1_795_320_000_000)
"""2026-11-22 12:00 in Beijing."""
DAY = "2026-11-22"


def entry_no(number: int, *, amount: int = 100, at: int = NOON) -> Entry:
    legs = transfer(Fen(amount), debit="CHANNEL_RECEIVABLE:WECHAT", credit="CUSTOMER_ADVANCE")
    return Entry(
        f"O{number:05d}", "payment_received", f"P{number}", legs, Instant(at), Instant(at), "微信:4200"
    )


def some(count: int, *, start: int = 0) -> list[Entry]:
    return [entry_no(start + number) for number in range(count)]


def told(objects: Objects, day: str = DAY) -> list[str]:
    return sorted(canonical(entry) for entry in read_day(objects, day))


def expected(entries: Iterable[Entry]) -> list[str]:
    return sorted({canonical(entry) for entry in entries})


def test_what_is_appended_is_read() -> None:
    objects = MemoryObjects()
    assert append(objects, some(20)) == 20
    assert append(objects, some(20, start=20)) == 20
    assert told(objects) == expected(some(40))


def test_an_entry_lies_in_the_day_it_was_booked_and_the_chain_of_its_subject() -> None:
    objects = MemoryObjects()
    before_midnight = entry_no(1, at=NOON + 12 * 3_600_000 - 1)
    after_midnight = entry_no(1, at=NOON + 12 * 3_600_000)
    append(objects, [before_midnight])
    append(objects, [replace(after_midnight, reference="P2")])
    chain = chain_of("O00001")
    assert list(objects.content) == [
        f"journal/day=2026-11-22/chain={chain}/00000001.jsonl",
        f"journal/day=2026-11-23/chain={chain}/00000001.jsonl",
    ]


def test_the_hash_is_what_the_documentation_says() -> None:
    """Computed here anew, from the file alone."""
    objects = MemoryObjects()
    entry = entry_no(7)
    append(objects, [entry])
    chain = chain_of(entry.subject)
    start = sha256(f"octane-journal/1 {DAY} {chain}".encode()).hexdigest()
    text = (
        f'{{"booked_at":{NOON},"effective_at":{NOON},"kind":"payment_received",'
        '"legs":[{"account":"CHANNEL_RECEIVABLE:WECHAT","fen":100},{"account":"CUSTOMER_ADVANCE","fen":-100}],'
        '"party":"","proof":"微信:4200","reference":"P7","subject":"O00007"}'
    )
    link = sha256(f"{start}\n{text}".encode()).hexdigest()
    assert objects.content[f"journal/day={DAY}/chain={chain}/00000001.jsonl"].decode() == (
        f'{{"no":1,"entry":{text},"hash":"{link}"}}\n'
    )
    assert {head.hash for head in heads(objects, DAY) if head.entries} == {link}


def test_a_batch_that_is_repeated_whole_is_written_once() -> None:
    objects = MemoryObjects()
    append(objects, some(20))
    stood = dict(objects.content)
    assert append(objects, some(20)) == 0
    assert objects.content == stood


def test_a_batch_that_died_half_way_is_completed() -> None:
    """Some chains have their block, the others do not."""
    objects = MemoryObjects()
    append(objects, [entry for entry in some(20) if chain_of(entry.subject) in {"00", "02"}])
    append(objects, some(20))
    assert told(objects) == expected(some(20))
    assert sum(len(block.links) for block in read_blocks(objects, DAY)) == 20


def test_a_repeat_from_far_back_is_written_again_and_read_once() -> None:
    objects = MemoryObjects()
    same_chain = [entry for entry in some(400) if chain_of(entry.subject) == "01"][: LOOK_BACK + 2]
    for entry in same_chain:
        append(objects, [entry])
    assert append(objects, same_chain[:1]) == 1
    assert told(objects) == expected(same_chain)


def test_the_same_entry_with_other_content_is_refused() -> None:
    objects = MemoryObjects()
    append(objects, [entry_no(1)])
    with pytest.raises(ChainBrokenError, match="different things"):
        append(objects, [entry_no(1, amount=101)])
    with pytest.raises(ChainBrokenError, match="different things"):
        append(objects, [entry_no(2), entry_no(2, amount=101)])


def test_the_same_entry_with_other_content_is_found_however_far_back() -> None:
    objects = MemoryObjects()
    same_chain = [entry for entry in some(400) if chain_of(entry.subject) == "01"][: LOOK_BACK + 2]
    for entry in same_chain:
        append(objects, [entry])
    append(objects, [replace(same_chain[0], proof="another")])
    with pytest.raises(ChainBrokenError, match=f"{same_chain[0].subject}.* different things"):
        list(read_day(objects, DAY))


class Crowded(MemoryObjects):
    """Others write their blocks just before ours."""

    def __init__(self, others: list[list[Entry]]) -> None:
        super().__init__()
        self.others = others

    def put_new(self, key: str, content: bytes) -> bool:
        if self.others:
            append(self.others_bucket(), self.others.pop())
        return super().put_new(key, content)

    def others_bucket(self) -> MemoryObjects:
        bucket = MemoryObjects()
        bucket.content = self.content
        return bucket


def test_a_lost_race_goes_on_behind_the_winner() -> None:
    mine = [entry for entry in some(100) if chain_of(entry.subject) == "03"]
    objects = Crowded([mine[4:6], mine[2:4]])
    assert append(objects, mine[:3]) == 2
    assert told(objects) == expected(mine[:6])
    blocks = list(read_blocks(objects, DAY))
    assert [len(block.links) for block in blocks] == [2, 2, 2]


def test_many_writers_at_once_lose_nothing() -> None:
    objects = MemoryObjects()
    entries = some(200)
    batches = [entries[start : start + 20] for start in range(0, 200, 10)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda batch: append(objects, batch), batches))
    assert told(objects) == expected(entries)


class Fragile(MemoryObjects):
    """Dies at the n-th call, before or after it took effect."""

    def __init__(self, fatal: int, *, after: bool) -> None:
        super().__init__()
        self.left, self.after = fatal, after

    def put_new(self, key: str, content: bytes) -> bool:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise ConnectionError
        done = super().put_new(key, content)
        if self.left == 0:
            raise ConnectionError
        return done


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("fatal", [1, 2, 3, 4])
def test_a_death_at_any_write_loses_and_doubles_nothing(fatal: int, *, after: bool) -> None:
    objects = Fragile(fatal, after=after)
    with pytest.raises(ConnectionError):
        append(objects, some(40))
    append(objects, some(40))
    assert told(objects) == expected(some(40))
    assert sum(len(block.links) for block in read_blocks(objects, DAY)) == 40


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_any_order_any_repeats(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a seeded schedule, no secret
    objects, entries = MemoryObjects(), some(30)
    left = Counter({number: chance.randint(1, 3) for number in range(30)})
    while deliveries := list(left.elements()):
        batch = chance.sample(deliveries, min(len(deliveries), chance.randint(1, 6)))
        append(objects, [entries[number] for number in batch])
        left -= Counter(batch)
    assert told(objects) == expected(entries)


def altered(objects: MemoryObjects) -> Iterator[tuple[str, bytes]]:
    """Every way to change one line of a block or to move, drop or double it."""
    content = next(iter(objects.content.values()))
    lines = content.splitlines(keepends=True)
    yield "amount", content.replace(b'"fen":100', b'"fen":900', 1).replace(b'"fen":-100', b'"fen":-900', 1)
    yield "unbalanced", content.replace(b'"fen":100', b'"fen":101', 1)
    yield "proof", content.replace(b"4200", b"4201", 1)
    yield "space", content.replace(b'"no":1,', b'"no": 1,', 1)
    yield "number", content.replace(b'"no":2', b'"no":3', 1)
    yield "dropped", b"".join(lines[1:])
    yield "swapped", b"".join([lines[1], lines[0], *lines[2:]])
    yield "doubled", b"".join([lines[0], lines[0], *lines[1:]])
    yield "cut", content[:-5]
    yield "not json", b"{" + content
    yield "another field", content.replace(b'"party":""', b'"party":"","more":1', 1)


@pytest.mark.parametrize("way", range(11))
def test_an_altered_block_is_not_read(way: int) -> None:
    objects = MemoryObjects()
    append(objects, some(40))
    key = next(iter(objects.content))
    what, content = list(altered(objects))[way]
    assert content != objects.content[key], what
    objects.content[key] = content
    with pytest.raises(ChainBrokenError) as caught:
        list(read_day(objects, DAY))
    assert caught.value.day == DAY


def test_a_missing_block_is_noticed() -> None:
    objects = MemoryObjects()
    mine = [entry for entry in some(100) if chain_of(entry.subject) == "03"]
    for entry in mine[:3]:
        append(objects, [entry])
    del objects.content[f"journal/day={DAY}/chain=03/00000002.jsonl"]
    with pytest.raises(ChainBrokenError, match="block 2 is missing"):
        list(read_day(objects, DAY))


def test_a_block_of_another_day_is_noticed() -> None:
    objects, other = MemoryObjects(), MemoryObjects()
    append(objects, [entry_no(1)])
    append(other, [entry_no(1, at=NOON + 86_400_000)])
    key = next(iter(objects.content))
    objects.content[key] = next(iter(other.content.values()))
    with pytest.raises(ChainBrokenError):
        list(read_day(objects, DAY))


def test_words_of_any_language_are_kept() -> None:
    objects = MemoryObjects()
    entry = replace(entry_no(1), proof='退款 "引号" \\ \n\t\x07 \u2028 🧾', party="*1234")
    append(objects, [entry])
    assert list(read_day(objects, DAY)) == [entry]


def test_a_day_without_entries_is_empty() -> None:
    assert list(read_day(MemoryObjects(), DAY)) == []
    assert {head.entries for head in heads(MemoryObjects(), DAY)} == {0}
    assert len({head.hash for head in heads(MemoryObjects(), DAY)}) == 4


def test_days_are_beijings() -> None:
    assert day_of(NOON) == DAY
