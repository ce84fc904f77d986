"""A day whose books are exported and sealed: small, with every class of difference and words that bite."""

from collections import defaultdict
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import duckdb
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from octane.kernel.clock import Instant
from octane.kernel.money import Fen
from octane.kernel.statement import LineKind
from octane.ledger.entries import Entry, transfer
from octane.ledger.journal import append, read_blocks
from octane.reconciliation.contents import Contents, FundsRow
from octane.reconciliation.differences import Difference, LineView
from octane.reconciliation.export_tables import DIFFERENCES
from octane.reconciliation.exports import DayBooks, export_day
from octane.reconciliation.model import MatchClass, ProofLine, Side, Source, Tally
from octane.reconciliation.sealing import PreviousDay, seal_day
from world.objects import MemoryObjects

DAY = "2026-11-22"
NOON = 1_795_320_000_000
"""2026-11-22 12:00 in Beijing."""
SIDE_COLUMNS = [column.name for column in DIFFERENCES.columns if column.name.startswith("our_")]
MATCHED = {
    Source.WECHAT: (41, 820_000, 4_920),
    Source.ALIPAY: (12, 300_050, 1_800),
    Source.JUHE: (50, 1_100_000, 0),
}
OPENING = {"CHANNEL_RECEIVABLE:WECHAT": 5_000, "CUSTOMER_ADVANCE": -5_000, "WALLET": 0}
DEMO_KEY = generate_private_key(SECP256R1())


class OurKey:
    """Signs with a key of this process, as KMS does."""

    def __init__(self, key: EllipticCurvePrivateKey = DEMO_KEY) -> None:
        self._key = key

    def sign(self, digest: bytes) -> bytes:
        return self._key.sign(digest, ECDSA(Prehashed(SHA256())))

    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def side(amount: int, *, fee: int = 0, number: str = "", party: str = "", hour: int = 0) -> dict[str, object]:
    return {
        "amount": amount,
        "fee": fee,
        "currency": "CNY",
        "status": "SUCCEEDED",
        "party": party,
        "merchant": "1900000001",
        "reference": number,
        "settled_at": NOON + hour * 3_600_000 + 123,
        "day": DAY,
        "line": 7,
    }


Row = tuple[str, str, str, str, dict[str, object] | None, dict[str, object] | None]
"""Class, kind, number, fields, our side, their side."""

ROWS: Mapping[Source, list[Row]] = {
    Source.WECHAT: [
        (
            "MISSING_HERE",
            "PAYMENT",
            "P-NOBODY",
            "",
            None,
            side(12_345, fee=74, number="4200001234202611221234567890"),
        ),
        ("MISSING_HERE", "PAYMENT", "=2+5+cmd|' /C calc'!A0", "", None, side(1, party="@evil")),
        ("MISSING_THERE", "PAYMENT", "P0001", "", side(20_000, fee=120, party='openid,with "quotes"'), None),
        (
            "MISMATCH",
            "PAYMENT",
            "P0002",
            "amount,fee",
            side(10_000, fee=60),
            side(9_999, fee=60, number="0012"),
        ),
        ("IN_TRANSIT", "PAYMENT", "P0003", "", side(50_000, fee=300, hour=11), None),
        ("DUPLICATE_THERE", "REFUND", "R0001", "", None, side(700, fee=-4)),
        ("DUPLICATE_HERE", "PAYMENT", "P0004", "", side(800, fee=5), None),
    ],
    Source.ALIPAY: [("MISSING_HERE", "REFUND", "-R0002", "", None, side(30_000, party="中文 名\n第二行"))],
    Source.JUHE: [],
}


def entries(count: int = 60, *, at: int = NOON) -> list[Entry]:
    found = []
    for number in range(count):
        legs = transfer(Fen(100 + number), debit="CHANNEL_RECEIVABLE:WECHAT", credit="CUSTOMER_ADVANCE")
        moment = Instant(at + number * 1_000)
        subject = f"O{number:025d}"
        found.append(
            Entry(subject, "payment_received", f"P{number}", legs, moment, moment, "4200:微信", "=openid")
        )
        if number % 7 == 0:
            gift = transfer(Fen(50), debit="CUSTOMER_ADVANCE", credit=f"WALLET:U{number}")
            found.append(Entry(subject, "wallet_credited", "R01", gift, moment, moment))
    return found


def differences_file(path: Path, rows: list[Row]) -> Path:
    """What a merged run of a source leaves: Parquet in the order of the common columns."""
    columns = DIFFERENCES.columns[1:]
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE t ({', '.join(f'{each.name} {each.stored}' for each in columns)})")
        for match_class, kind, number, fields, ours, theirs in rows:
            sides = [
                (view or {}).get(name.removeprefix("our_"))
                for view in (ours, theirs)
                for name in SIDE_COLUMNS
            ]
            places = ", ".join("?" for _ in columns)
            database.execute(f"INSERT INTO t VALUES ({places})", [match_class, kind, number, fields, *sides])  # noqa: S608
        database.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    return path


def proof_of(source: Source, rows: list[Row], failures: tuple[str, ...] = ()) -> ProofLine:
    tallies: dict[tuple[MatchClass, LineKind, Side], list[int]] = defaultdict(lambda: [0, 0, 0])
    for which in Side:
        kind = LineKind.RECHARGE if source is Source.JUHE else LineKind.PAYMENT
        tallies[MatchClass.MATCHED, kind, which] = list(MATCHED[source])
    for match_class, kind_name, _, _, ours, theirs in rows:
        for which, view in ((Side.OURS, ours), (Side.THEIRS, theirs)):
            if view:
                place = tallies[MatchClass(match_class), LineKind(kind_name), which]
                for number, value in enumerate((1, view["amount"], view["fee"])):
                    place[number] += int(str(value))
    return ProofLine(source, DAY, tuple(Tally(*key, *value) for key, value in tallies.items()), failures)


def open_difference() -> Difference:
    view = LineView(*side(12_345, number="4200001234202611221234567890").values())  # type: ignore[arg-type]
    return Difference(
        Source.WECHAT, "2026-11-20", MatchClass.MISSING_HERE, LineKind.PAYMENT, "P-NOBODY", None, view
    )


def export(
    folder: Path,
    *,
    version: int = 1,
    opening: Mapping[str, int] = OPENING,
    failures: tuple[str, ...] = (),
    told: list[Row] | None = None,
) -> Contents:
    """Write the unsealed exports of the day; `told` are the rows that WeChat's tallies count, if not all."""
    folder.mkdir(parents=True)
    objects = MemoryObjects()
    booked = entries()
    append(objects, booked[:30])
    append(objects, booked[30:])
    files = {
        source: differences_file(folder.with_name(f"{folder.name}-{source}.parquet"), rows)
        for source, rows in ROWS.items()
    }
    books = DayBooks(
        proofs=tuple(
            proof_of(source, told if told and source is Source.WECHAT else rows, failures)
            for source, rows in ROWS.items()
        ),
        differences=files,
        blocks=read_blocks(objects, DAY),
        opening=opening,
        open_differences=[open_difference()],
        funds=[FundsRow("托管户余额（热）", 5_000_000), FundsRow("=托管户余额（冷）", 95_000_000)],
    )
    return export_day(DAY, version, books, folder)


def sealed_day(
    folder: Path,
    *,
    key: OurKey | None = None,
    previous: PreviousDay | None = None,
    opening: Mapping[str, int] = OPENING,
    told: list[Row] | None = None,
) -> Contents:
    """Write the exports of the day and seal them."""
    contents = export(folder, opening=opening, told=told)
    for name, content in seal_day(contents, previous, key or OurKey()).items():
        folder.joinpath(name).write_bytes(content)
    return contents


def manifest_digest(folder: Path) -> str:
    return sha256(folder.joinpath("manifest.json").read_bytes()).hexdigest()
