"""Heads: every chain is followed and timestamped, whatever the authority does (SE2)."""

import pytest
from unit.evidence.house import House

from octane.audit.journal import ACTS
from octane.evidence import merkle
from octane.evidence.heads import content_key, names_of, read_heads, stamp_key
from octane.evidence.stamping import OPEN_DAYS, stamp_heads
from octane.kernel.clock import Instant
from octane.ledger.chain import ENTRIES
from octane.store.blocks import heads, read_chain
from octane.store.chain import CHAINS, day_of
from octane_verify.merkle import root_by, root_of
from octane_verify.timestamp import read_timestamp


@pytest.fixture
def house() -> House:
    return House()


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf(number.to_bytes(2)) for number in range(count)]


@pytest.mark.parametrize("count", [*range(20), 31, 32, 33, 100])
def test_a_tree_that_grew_is_the_tree_of_the_definition(count: int) -> None:
    all_leaves = leaves(count)
    for first in range(count + 1):
        peaks = merkle.grown(merkle.grown((), 0, all_leaves[:first]), first, all_leaves[first:])
        assert merkle.root(peaks) == root_of(all_leaves)


@pytest.mark.parametrize("count", [*range(1, 20), 31, 32, 33, 100])
def test_every_path_leads_to_the_root_and_to_no_other_leaf(count: int) -> None:
    tree = merkle.levels(leaves(count))
    assert tree[-1] == [root_of(leaves(count))]
    for index, leaf in enumerate(leaves(count)):
        path = merkle.path(tree, index)
        assert root_by(path, leaf, index, count) == tree[-1][0]
        assert root_by(path, leaf, (index + 1) % (count + 1), count) != tree[-1][0]
        assert root_by([*path, leaf], leaf, index, count) is None
        assert count == 1 or root_by(path[:-1], leaf, index, count) != tree[-1][0]


def test_the_known_roots_of_rfc_6962() -> None:
    """The test vectors of Certificate Transparency: seven leaves, and their root."""
    data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    found = merkle.grown((), 0, [merkle.leaf(bytes.fromhex(each)) for each in data])
    assert merkle.root(found).hex() == "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"
    assert merkle.root(()).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_head_says_where_every_chain_ends(house: House) -> None:
    for number in range(12):
        house.place(f"key-{number}")
    house.carry()
    done = stamp_heads(house)
    today = day_of(house.clock.now())
    for book in (ENTRIES, ACTS):
        for head in heads(book, house.archive, today):
            standing = done.heads.of((book.folder, today, head.chain))
            assert standing is not None
            assert (standing.blocks, standing.entries, standing.hash) == (
                head.blocks,
                head.entries,
                head.hash,
            )
            links = [
                link for block in read_chain(book, house.archive, today, head.chain) for link in block.links
            ]
            hashes = [merkle.leaf(bytes.fromhex(link.hash)) for link in links]
            assert standing.tree == root_of(hashes).hex()
    assert len(done.heads.standings) == 2 * CHAINS * (OPEN_DAYS + 1)


def test_the_timestamp_is_of_the_root(house: House) -> None:
    house.place("key-1")
    house.carry()
    done = stamp_heads(house)
    stamp = read_timestamp(house.archive.content[stamp_key(done.heads.name)])
    assert stamp.digest.hex() == done.heads.root
    assert read_heads(house.archive.content[content_key(done.heads.name)]) == done.heads


def test_each_head_goes_on_from_the_one_before(house: House) -> None:
    """And reads no block again that an earlier one has followed."""
    house.place("key-1")
    house.carry()
    first = stamp_heads(house).heads
    house.wait(seconds=3_600)
    house.place("key-2")
    house.carry()
    second = stamp_heads(house).heads
    assert second.previous == first.root
    fresh = House()
    fresh.clock.at, fresh.archive.content = (
        house.clock.at + 1,
        {key: content for key, content in house.archive.content.items() if not key.startswith("heads/")},
    )
    trees = {each.place: each.tree for each in second.standings}
    assert trees == {each.place: each.tree for each in stamp_heads(fresh).heads.standings}


def test_a_silent_authority_loses_no_head(house: House) -> None:
    house.place("key-1")
    house.carry()
    house.timestamp_authority.silent = True
    names = []
    for _ in range(3):
        names.append(stamp_heads(house).heads.name)
        house.wait(seconds=3_600)
    assert house.signals.seen == ["TimestampMissing"] * 3
    house.timestamp_authority.silent = False
    done = stamp_heads(house)
    assert (done.stamped, done.waiting) == (4, 0)
    assert all(stamp_key(name) in house.archive.content for name in names)


def test_a_run_that_died_before_its_timestamp_is_completed_by_the_next(house: House) -> None:
    house.place("key-1")
    house.carry()
    name = stamp_heads(house).heads.name
    del house.archive.content[stamp_key(name)]
    again = stamp_heads(house)
    assert again.stamped == 2
    assert stamp_key(name) in house.archive.content


def test_days_that_nobody_stamped_are_made_up_for(house: House) -> None:
    house.clock.at -= 9 * 86_400_000
    house.place("key-1")
    house.carry()
    stamp_heads(house)
    house.place("key-2")
    forgotten = day_of(house.clock.now())
    house.carry()
    house.clock.at += 8 * 86_400_000
    standings = stamp_heads(house).heads.standings
    assert sum(each.entries for each in standings if each.day == forgotten and each.book == "journal") == 2


def test_a_broken_chain_is_said_and_the_others_are_stamped(house: House) -> None:
    for number in range(12):
        house.place(f"key-{number}")
    house.carry()
    sound = stamp_heads(house).heads
    house.wait(seconds=3_600)
    for number in range(12):
        house.place(f"more-{number}")
    house.carry()
    broken = sorted(key for key in house.archive.content if key.startswith("journal/"))[1]
    house.archive.content[broken] = house.archive.content[broken].replace(b"payment", b"repayment", 1)
    later = stamp_heads(house).heads
    (standing,) = [each for each in later.standings if each.fault]
    assert house.signals.seen == ["ChainBroken"]
    before = sound.of(standing.place)
    assert before is not None
    assert standing.entries == before.entries, "it stands where it was found whole"
    assert all(
        each.entries > (sound.of(each.place) or each).entries
        for each in later.standings
        if each.day == day_of(house.clock.now()) and not each.fault
    )


def test_the_heads_of_a_month_are_listed_with_their_stamps(house: House) -> None:
    name = stamp_heads(house).heads.name
    month = day_of(Instant(house.clock.at))[:7]
    assert names_of(house.archive, month) == {name: True}
