"""What must hold when all days are closed: books and bills agree, the tasks are what is left, and the journal
has everything once."""

import hashlib
import json
from collections import Counter
from datetime import date, timedelta

from octane.ledger.journal import read_day
from octane.reconciliation.model import Source
from simulation.archive import Journal
from simulation.bills import BEIJING_MS, DAY_MS, day_number
from simulation.closing import Closing
from simulation.differences import BY_PERSON, SIGNS, WAITING, Differences
from simulation.violations import must
from world.objects import MemoryObjects

CHAINS = {f"{number:02d}" for number in range(4)}


def check_days(closing: Closing, differences: Differences) -> None:
    """Raise `ViolationError` for the first thing that is not as it must be."""
    if not closing.journal.kept:
        return
    for source in {source for _, source in closing.closed}:
        _books(closing, differences, source)
    _tasks(closing, differences)
    _journal(closing.journal)


def _books(closing: Closing, differences: Differences, source: Source) -> None:
    """Number by number: our entries and what differences moved sum to what the bills say."""
    days = {_number(day): closed for (day, of), closed in closing.closed.items() if of is source}
    due: Counter[tuple[str, str]] = Counter()
    for line in closing.bills.lines(source):
        if day_number(source, line.settled_at) in days:
            due[line.kind.value, line.number] += SIGNS[line.kind.value] * line.amount
    has: Counter[tuple[str, str]] = Counter()
    for moved in differences.movements:
        if moved.source == source and day_number(source, moved.at) in days:
            has[moved.kind, moved.number] += moved.fen
    aside = {
        (each.line.kind.value, each.line.number)
        for number, closed in days.items()
        if number + 1 not in days
        for side in closed.carried
        for each in side
    }
    found = _found(closing)
    for identifier, item in differences.items.items():
        day, of = differences.places[identifier]
        key = str(item["kind"]), str(item["number"])
        if of != source or _number(day) not in days:
            continue
        has[key] += differences.nets[identifier][differences.account(identifier)]
        if identifier in found:  # the bill still lacks what the counterparty paid in another way
            has[key] -= differences.recovered[identifier]
    wrong = {key: (has[key], due[key]) for key in {*has, *due} if has[key] != due[key] and key not in aside}
    must(not wrong, "a closed day's account stands as its bill says", f"{source} (ours, the bill's): {wrong}")


def _found(closing: Closing) -> set[str]:
    return {
        difference.id
        for closed in closing.closed.values()
        for difference in closed.found
        if difference.match_class != "IN_TRANSIT"
    }


def _tasks(closing: Closing, differences: Differences) -> None:
    """What waits is what the newest runs found and nobody has decided; a difference is one task."""
    found = _found(closing)
    for identifier, item in differences.items.items():
        day, source = differences.places[identifier]
        if (day, source) not in closing.closed:
            continue
        stale = item["state"] in WAITING and identifier not in found and identifier not in differences.gone
        must(not stale, "what waits is what the last run found", differences.name(identifier))
    for identifier in found:
        state = str(differences.items.get(identifier, {}).get("state", ""))
        text = differences.name(identifier) if state else identifier
        must(state in WAITING | BY_PERSON, "what the last run found waits, or was decided", text)


def _journal(journal: Journal) -> None:
    """The chains hold, by another's arithmetic, and readers find every entry of the ledger once."""
    kept = journal.bucket.kept
    must(not journal.stream.given_up, "every entry is journalled", "the stream gave up on a batch")
    must(not journal.bucket.overwritten, "a block is written once", journal.bucket.overwritten)
    texts: dict[tuple[str, str, str], str] = {}
    days = sorted({key.split("/")[1][4:] for key in kept})
    for day in days:
        for chain in CHAINS:
            _chain(kept, day, chain, texts)
    ledger = {}
    for item in journal.entries():
        kind, _, reference = str(item["sk"]).partition("#")
        names = ("booked_at", "effective_at", "legs", "proof")
        record = {name: item[name] for name in names} | {"party": item.get("party", "")}
        record |= {"subject": item["pk"], "kind": kind, "reference": reference}
        ledger[str(item["pk"]), kind, reference] = _text(record)
    lost = {key for key in ledger if texts.get(key) != ledger[key]}
    must(not lost and len(texts) == len(ledger), "every entry is journalled", f"{lost} {len(texts)}")
    archive = MemoryObjects()
    archive.content = kept
    read = Counter((e.subject, e.kind, e.reference) for day in days for e in read_day(archive, day))
    must(read == Counter(ledger.keys()), "readers find every entry once", read - Counter(ledger.keys()))


def _chain(kept: dict[str, bytes], day: str, chain: str, texts: dict[tuple[str, str, str], str]) -> None:
    """Follow a chain from its beginning."""
    prefix = f"journal/day={day}/chain={chain}/"
    link, place = _hash(f"octane-journal/1 {day} {chain}"), 0
    for number, key in enumerate(sorted(key for key in kept if key.startswith(prefix)), start=1):
        must(key == f"{prefix}{number:08d}.jsonl", "a chain has no gap", key)
        for line in kept[key].decode().splitlines():
            place += 1
            told = json.loads(line)
            text = line[line.index('"entry":') + 8 : line.rindex(',"hash"')]
            link = _hash(f"{link}\n{text}")
            whole = (told["no"], told["hash"], text) == (place, link, _text(told["entry"]))
            must(whole, "the chain of the journal holds", f"{key} {place}")
            entry = told["entry"]
            booked = date(1970, 1, 1) + timedelta(days=(entry["booked_at"] + BEIJING_MS) // DAY_MS)
            must(booked.isoformat() == day, "an entry is in the journal of its day", f"{key} {place}")
            same = texts.setdefault((entry["subject"], entry["kind"], entry["reference"]), text)
            must(same == text, "an entry is journalled as it is", f"{key} {place}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text(record: object) -> str:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _number(day: str) -> int:
    return date.fromisoformat(day).toordinal() - date(1970, 1, 1).toordinal()
