"""Ways to alter an evidence package, each with the file, and the words about a place in it, to be named."""

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from octane_verify import merkle
from octane_verify.heads import canonical
from octane_verify.manifest import checksummed
from simulators.tsa.keys import new_tsa_keys
from simulators.tsa.openssl import timestamp
from tamper.ways import Named, Way, flip, sign_again

Record = dict[str, Any]
Edit = Callable[[list[Record]], int]
"""Alters the lines of a file; returns the line (from 1) to be named."""
QUERY = bytes.fromhex("30390201013031300d060960864801650304020105000420")
"""A TimeStampReq up to its digest."""
WITH_CERTIFICATE = bytes.fromhex("0101ff")


def _manifest(folder: Path, change: Callable[[Record], None]) -> None:
    """Alter the manifest and make its digests and its checksum right, as a forger would."""
    path = folder / "manifest.json"
    manifest: Record = json.loads(path.read_bytes())
    change(manifest)
    for each in manifest["files"]:
        content = folder.joinpath(each["path"]).read_bytes()
        each |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    path.write_bytes(checksummed(manifest))


def _nothing(_: Record) -> None:
    pass


def _lines(
    file: str, edit: Edit, words: str, *, counts: str = "", made_right: bool = True
) -> Callable[[Path], Named]:
    def alter(folder: Path) -> Named:
        path = folder / file
        lines: list[Record] = [json.loads(line) for line in path.read_bytes().splitlines()]
        number = edit(lines)
        path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))

        def recount(manifest: Record) -> None:
            if counts:
                manifest[counts] = len(lines)

        if made_right:
            _manifest(folder, recount)
        return Named(file, f"line {number} (, {words}")

    return alter


def _more_money(lines: list[Record]) -> int:
    for leg in lines[0]["record"]["legs"]:
        leg["fen"] *= 2
    return 1


def _another_person(lines: list[Record]) -> int:
    lines[-1]["record"]["actor"] = "U" + "Z" * 25
    return len(lines)


def _a_day_earlier(lines: list[Record]) -> int:
    lines[0]["record"]["at"] -= 86_400_000
    return 1


def _another_place(lines: list[Record]) -> int:
    lines[0]["no"] += 1
    return 1


def _another_path(lines: list[Record]) -> int:
    lines[0]["path"] = ["00" * 32, *lines[0]["path"][1:]] if lines[0]["path"] else ["00" * 32]
    return 1


def _another_before(lines: list[Record]) -> int:
    lines[0]["before"] = "00" * 32
    return 1


def _smaller_chain(lines: list[Record]) -> int:
    lines[0]["size"] += 1
    return 1


def _doubled(lines: list[Record]) -> int:
    lines.append(lines[0])
    return len(lines)


def _of_somebody_else(lines: list[Record]) -> int:
    lines[0]["record"]["subject"] = "T" + "Z" * 25
    return 1


def dropped(folder: Path) -> Named:
    """Take an act out and make everything right but the signature."""
    path = folder / "acts.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[1:]))
    _manifest(folder, lambda manifest: manifest.update(acts=len(lines) - 1))
    return Named("manifest.sig", "is no signature of manifest.json by this key")


def dropped_and_signed(folder: Path) -> Named:
    dropped(folder)
    sign_again(folder)
    return Named("manifest.pem", "another key")


def head_remade(folder: Path) -> Named:
    """Alter an entry and make its head fit: the tree of its chain, the head's root, all digests."""
    path = folder / "entries.jsonl"
    lines: list[Record] = [json.loads(line) for line in path.read_bytes().splitlines()]
    _more_money(lines)
    line = lines[0]
    link = hashlib.sha256(f"{line['before']}\n{canonical(line['record'])}".encode()).digest()
    steps = [bytes.fromhex(each) for each in line["path"]]
    tree = merkle.root_by(steps, merkle.leaf(link), line["no"] - 1, line["size"])
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in lines))
    file = f"heads/{line['stamp']}.json"
    _remake(folder / file, ("journal", line["day"], line["chain"]), (tree or b"").hex())
    _manifest(folder, _nothing)
    return Named(file.replace(".json", ".tsr"), "has the root")


def _remake(path: Path, place: tuple[str, str, str], tree: str) -> None:
    head: Record = json.loads(path.read_bytes())
    for each in head["standings"]:
        if (each["book"], each["day"], each["chain"]) == place:
            each |= {"tree": tree, "peaks": [tree]}
    first = {name: head[name] for name in ("at", "format", "name", "previous")}
    bare = [{name: value for name, value in each.items() if name != "peaks"} for each in head["standings"]]
    head["root"] = merkle.root_of([merkle.leaf(canonical(each).encode()) for each in (first, *bare)]).hex()
    path.write_text(json.dumps(head))


def head_remade_and_stamped(folder: Path) -> Named:
    """The same, with a timestamp by an authority of the forger's, whose root goes into the package too."""
    stamp = head_remade(folder).file
    root = json.loads(folder.joinpath(stamp.replace(".tsr", ".json")).read_bytes())["root"]
    keys = new_tsa_keys(datetime.now(UTC))
    folder.joinpath(stamp).write_bytes(timestamp(keys, QUERY + bytes.fromhex(root) + WITH_CERTIFICATE, 1))
    (folder / "tsa.pem").write_text(keys.root_pem)
    _manifest(folder, _nothing)
    return Named(stamp, "nobody whom you trust vouches")


def head_antedated(folder: Path) -> Named:
    path = _heads(folder)[0]
    head: Record = json.loads(path.read_bytes())
    head["at"] -= 86_400_000
    path.write_text(json.dumps(head))
    _manifest(folder, _nothing)
    return Named(path.relative_to(folder).as_posix(), "was altered")


def stamp_of_another(folder: Path) -> Named:
    """Put the timestamp of one head beside another one."""
    first, *_, last = _heads(folder)
    stamp = last.with_suffix(".tsr")
    shutil.copy(first.with_suffix(".tsr"), stamp)
    _manifest(folder, _nothing)
    return Named(stamp.relative_to(folder).as_posix(), "is of")


def stamp_removed(folder: Path) -> Named:
    stamp = _heads(folder)[0].with_suffix(".tsr")
    stamp.unlink()
    return Named(stamp.relative_to(folder).as_posix(), "is missing")


def added(folder: Path) -> Named:
    folder.joinpath("heads/more.json").write_text("{}")
    return Named("heads/more.json", "added")


def _heads(folder: Path) -> list[Path]:
    return sorted(folder.glob("heads/*/*.json"))


def _flip_first(pattern: str) -> Callable[[Path], Named]:
    return lambda folder: flip(folder, sorted(folder.glob(pattern))[0].relative_to(folder).as_posix())


PROOF = "does not lead to"
EVIDENCE_WAYS = (
    *(
        Way(f"one bit of {what}", _flip_first(pattern))
        for what, pattern in (
            ("the entries", "entries.jsonl"),
            ("the acts", "acts.jsonl"),
            ("the orders", "orders.json"),
            ("a head", "heads/*/*.json"),
            ("a timestamp", "heads/*/*.tsr"),
            ("the authority's certificates", "tsa.pem"),
            ("the manifest", "manifest.json"),
            ("the signature", "manifest.sig"),
            ("the key", "manifest.pem"),
        )
    ),
    Way("an entry's amount, digests made right", _lines("entries.jsonl", _more_money, PROOF)),
    Way("the same, its head made right too", head_remade),
    Way("the same, with a timestamp by another authority", head_remade_and_stamped),
    Way("who did it, digests made right", _lines("acts.jsonl", _another_person, PROOF)),
    Way("when it was done, digests made right", _lines("acts.jsonl", _a_day_earlier, "another day")),
    Way("whom it was done to, digests made right", _lines("acts.jsonl", _of_somebody_else, "is about")),
    Way("an entry's place in its chain", _lines("entries.jsonl", _another_place, PROOF)),
    Way("an entry's path to its head", _lines("entries.jsonl", _another_path, PROOF)),
    Way("the hash that an entry stands on", _lines("entries.jsonl", _another_before, "")),
    Way("the size of an entry's chain", _lines("entries.jsonl", _smaller_chain, "says its chain had")),
    Way("an act doubled", _lines("acts.jsonl", _doubled, "is there twice", counts="acts")),
    Way("an act dropped, count and digests made right", dropped),
    Way("the same, signed again with another key", dropped_and_signed),
    Way("a head's time, digests made right", head_antedated),
    Way("a timestamp of another head", stamp_of_another),
    Way("a timestamp removed", stamp_removed),
    Way("a file added", added),
)
