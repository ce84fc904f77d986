"""The state machine closes a day on the deployed template, nested stacks and all, with every IAM policy
enforced."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.performance import SETTINGS, SIMULATOR_OPTIONS
from local.world import LocalOctane
from octane.reconciliation.model import Source
from octane_verify import verify
from reconcile.bank import settle
from reconcile.closing import await_journal, close, open_bills, signing_key, today
from reconcile.crowd import add_payments
from reconcile.finance import Clerk, decide_all

ROWS = 40
MOVED = (Source.WECHAT, Source.JUHE)
"""Whose bills have something on this day, or say that they have not."""


@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalOctane]:
    """An Octane of its own, whose books nobody else compares: payments that both sides have, and a bank."""
    directory = tmp_path_factory.mktemp("closing")
    with LocalOctane(
        directory, iam=True, nested=True, settings=SETTINGS, simulator_options=SIMULATOR_OPTIONS
    ) as octane:
        add_payments(octane, ROWS)
        open_bills(octane)
        settle(octane, today())
        yield octane


def test_a_day_is_closed_exported_and_verifies_offline(paid: LocalOctane, tmp_path: Path) -> None:
    await_journal(paid)

    lines: list[str] = []
    done = close(paid, tmp_path, lines.append, MOVED)

    assert done.closed, (done.failures, lines)
    assert all(proof.holds for proof in done.proofs)
    report = verify(done.folder, signing_key(paid, tmp_path))
    assert report.findings == []
    assert {"summary.pdf", "reconciliation.xlsx", "differences.csv", "manifest.sig"} <= {
        path.name for path in done.folder.iterdir()
    }


def test_a_broken_bill_waits_for_finance_and_a_right_one_clears_it(paid: LocalOctane, tmp_path: Path) -> None:
    for kind in ("one_fen_less", "nobodys_payment"):
        paid.simulators.wechat("POST", "/bills/plant", {"kind": kind})
    await_journal(paid)
    done = close(paid, tmp_path, lambda _: None, MOVED)
    states = {each["source"]: each["state"] for each in done.sources}
    assert states["WECHAT"] == "CLOSED"

    ended = decide_all(Clerk(paid, "ann"), Clerk(paid, "bob"), lambda _: None)
    assert ended == 2

    paid.simulators.wechat("DELETE", "/bills/plant")
    again = close(paid, tmp_path, lambda _: None, MOVED)
    wechat = next(each for each in again.sources if each["source"] == "WECHAT")
    assert wechat["resolution"]["cleared"] == 1, "the fen that was chased; what was accepted stays so"


def test_what_is_archived_cannot_be_deleted(paid: LocalOctane) -> None:
    storage, bucket = paid.client("s3"), paid.outputs["ArchiveBucketName"]
    version = storage.list_object_versions(Bucket=bucket, Prefix="journal/", MaxKeys=1)["Versions"][0]

    with pytest.raises(storage.exceptions.ClientError, match="AccessDenied"):
        storage.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
