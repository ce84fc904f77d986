"""The printed summary of a day, in Chinese: what a director reads and files (RC4)."""

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import typst
from pylopdf_fonts_zh_cn import sans_path

from octane.kernel.clock import BEIJING
from octane.reconciliation.contents import Contents
from octane.reconciliation.export_tables import CLASS_NAMES, SOURCE_NAMES
from octane.reconciliation.model import MatchClass, ProofLine, Side, Tally

TEMPLATE = Path(__file__).with_name("summary.typ")
_CLASSES = [each for each in CLASS_NAMES if each is not MatchClass.MATCHED]


class _Sum(NamedTuple):
    lines: int
    fen: int


def summary_pdf(contents: Contents) -> bytes:
    """Print a day; the same contents make the same bytes."""
    midnight = datetime.combine(date.fromisoformat(contents.day), datetime.min.time(), BEIJING)
    printed = _compiler(contents).compile(format="pdf", timestamp=midnight + timedelta(days=1))
    if not isinstance(printed, bytes):
        raise TypeError(printed)
    return printed


def summary_pages(contents: Contents, dots_per_inch: float = 110) -> list[bytes]:
    """The pages as PNG pictures, to be looked at."""
    pages = _compiler(contents).compile(format="png", ppi=dots_per_inch)
    return [page for page in (pages if isinstance(pages, list) else [pages]) if page]


def _compiler(contents: Contents) -> typst.Compiler:
    return typst.Compiler(
        TEMPLATE,
        font_paths=[sans_path().parent],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(_data(contents), ensure_ascii=False)},
    )


def _data(contents: Contents) -> dict[str, object]:
    """What the template prints: words and numbers as they are shown; bars as numbers to draw."""
    failures = [failure for proof in contents.proofs for failure in proof.failures]
    apart = sum(_sum(_apart(proof)).lines for proof in contents.proofs)
    return {
        "day": contents.day,
        "version": contents.version,
        "holds": not failures,
        "verdict": "各渠道证明式全部成立" if not failures else "有证明式不成立，见下文",
        "apart": f"{apart:,}",
        "open": f"{contents.open_count:,}",
        "classes": [CLASS_NAMES[each] for each in _CLASSES],
        "sources": [_source(proof) for proof in contents.proofs],
        "trial": [[row.account, *map(_yuan, row[1:])] for row in contents.trial],
        "trial_total": [
            _yuan(sum(column)) for column in zip(*(row[1:] for row in contents.trial), strict=True)
        ]
        or ["0.00"] * 4,
        "funds": [[row.label, _yuan(row.amount)] for row in contents.funds],
        "chains": [[head.chain, str(head.blocks), str(head.entries), head.hash] for head in contents.heads],
    }


def _source(proof: ProofLine) -> dict[str, object]:
    ours, theirs = (_sum(_of(proof, side=side)) for side in Side)
    matched = _sum(_of(proof, side=Side.OURS, match_class=MatchClass.MATCHED))
    apart = _sum(_apart(proof))
    bars = [_sum(_apart(proof, match_class)) for match_class in _CLASSES]
    return {
        "name": SOURCE_NAMES[proof.source],
        "holds": proof.holds,
        "failures": list(proof.failures),
        "cells": [
            f"{ours.lines:,}",
            _yuan(ours.fen),
            f"{theirs.lines:,}",
            _yuan(theirs.fen),
            f"{matched.lines:,}",
            f"{apart.lines:,}",
            _yuan(apart.fen),
        ],
        "lines": [bar.lines for bar in bars],
        "fen": [bar.fen for bar in bars],
        "total": {"lines": f"{apart.lines:,} 笔", "fen": f"{_yuan(apart.fen)} 元"},
        "proof": [_equation(proof, Side.OURS, "我方"), _equation(proof, Side.THEIRS, "对方")],
    }


def _equation(proof: ProofLine, side: Side, word: str) -> list[str]:
    """One side's total, and the classes that it is the sum of."""
    parts = [(name, _sum(_of(proof, side=side, match_class=each))) for each, name in CLASS_NAMES.items()]
    shown = [f"{name} {part.lines:,} 笔 {_yuan(part.fen)}" for name, part in parts if part.lines]
    total = _sum(_of(proof, side=side))
    return [f"{word} {total.lines:,} 笔 {_yuan(total.fen)}", *(shown or ["0"])]


def _apart(proof: ProofLine, match_class: MatchClass | None = None) -> Iterable[Tally]:
    """The lines that are not matched; of a mismatch, which both sides have, ours."""
    for tally in proof.tallies:
        twice = tally.match_class is MatchClass.MISMATCH and tally.side is Side.THEIRS
        if tally.match_class in ([match_class] if match_class else _CLASSES) and not twice:
            yield tally


def _of(proof: ProofLine, *, side: Side, match_class: MatchClass | None = None) -> Iterable[Tally]:
    return (each for each in proof.tallies if each.side is side and match_class in {None, each.match_class})


def _sum(tallies: Iterable[Tally]) -> _Sum:
    found = list(tallies)
    return _Sum(sum(each.count for each in found), sum(each.amount for each in found))


def _yuan(fen: int) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"
