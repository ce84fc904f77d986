"""Build an evidence package: what there is of an order or a person, with its proofs, as one ZIP file (SE2).

| file            | what                                                                                  |
|-----------------|---------------------------------------------------------------------------------------|
| `orders.json`   | the orders as they stood: attempts, refunds, steps                                     |
| `entries.jsonl` | the ledger's entries, each with its place in its chain and its path to a stamped head  |
| `acts.jsonl`    | what people did, in the same way                                                       |
| `heads/…`       | the heads (`.json`) and their RFC 3161 timestamps (`.tsr`)                             |
| `tsa.pem`       | the authority's root certificates as we know them                                      |
| `README.txt`    | how to check all this                                                                  |
| `manifest.*`    | every file's digest, our signature, our public key                                     |
"""

import zipfile
from collections.abc import Iterable
from hashlib import sha256
from io import BytesIO
from typing import Any

import orjson

from octane.audit.journal import ACTS
from octane.evidence.gathering import Gathered, gather
from octane.evidence.heads import content_key, stamp_key
from octane.evidence.ports import PackageDeps
from octane.evidence.proving import Place, Proof, Prover
from octane.evidence.requests import Request, package_key
from octane.evidence.stamping import content_of, stamp_heads
from octane.kernel.clock import Instant
from octane.kernel.errors import UnavailableError
from octane.ledger.chain import ENTRIES
from octane.wire.manifests import signed_manifest

FORMAT = "octane-evidence/1"
MADE = (2020, 1, 1, 0, 0, 0)
"""The time of every file in the ZIP: the manifest has the true one."""
README = """\
Evidence package of Octane / 证据包

Each line of entries.jsonl and acts.jsonl is a record that was written once, with its place in a hash
chain and a Merkle path (RFC 6962) to a head in heads/. The .tsr file beside a head is a timestamp
(RFC 3161) of its root by an outside authority: the record has not changed since. manifest.sig is our
signature over manifest.json, which has the digest of every file.

每行记录附其在哈希链中的位置及到链头的默克尔路径；链头由外部时间戳机构签发时间戳，证明记录自该时刻起未被改动。

Check it offline:  octane-verify PACKAGE --key OUR-KEY.pem --tsa AUTHORITY.pem
By hand:           openssl dgst -sha256 -verify manifest.pem -signature manifest.sig manifest.json
                   openssl ts -verify -in heads/….tsr -digest ROOT -CAfile tsa.pem
"""


class NotStampedError(UnavailableError):
    """The authority is silent, or a record came into its chain too late for any head but the next."""

    code = "NOT_STAMPED"


def build_package(deps: PackageDeps, request: Request) -> int:
    """Build the package of a request; return how many records it proves. A repeat builds it again.

    Raises `NotJournaledError` and `NotStampedError`: to be tried again.
    """
    found = gather(deps.store, request)
    prover = Prover(deps.archive)
    places = [*prover.places(ENTRIES, found.entries), *prover.places(ACTS, found.acts)]
    proofs = _proofs(deps, prover, places)
    files = _files(deps, request, found, proofs)
    listed = [
        {"path": path, "size": len(content), "sha256": sha256(content).hexdigest()}
        for path, content in sorted(files.items())
    ]
    manifest = {
        "format": FORMAT,
        "evidence_id": request.evidence_id,
        request.kind: request.subject,
        "requested_at": request.requested_at,
        "made_at": deps.clock.now(),
        "entries": len(found.entries),
        "acts": len(found.acts),
        "files": listed,
    }
    files |= signed_manifest(manifest, deps.manifest_signer)
    deps.work.put(package_key(request.evidence_id), _zipped(files))
    return len(proofs)


def _proofs(deps: PackageDeps, prover: Prover, places: list[Place]) -> list[Proof]:
    """Each record's proof. Where the last stamp is older than a record, all heads are taken now."""
    now = deps.clock.now()
    found = [prover.proof(place, now) for place in places]
    if None in found:
        stamp_heads(deps, also={place.day for place, each in zip(places, found, strict=True) if each is None})
        prover.look_again()
        found = [
            each or prover.proof(place, deps.clock.now()) for place, each in zip(places, found, strict=True)
        ]
    proofs = [each for each in found if each is not None]
    if len(proofs) < len(places):
        raise NotStampedError(f"{len(places) - len(proofs)} records wait for a timestamp.")
    return proofs


def _files(deps: PackageDeps, request: Request, found: Gathered, proofs: list[Proof]) -> dict[str, bytes]:
    files = {
        "README.txt": README.encode(),
        "orders.json": orjson.dumps(found.orders, option=orjson.OPT_INDENT_2),
        "entries.jsonl": _lines(each for each in proofs if each.place.book is ENTRIES),
        "acts.jsonl": _lines(each for each in proofs if each.place.book is ACTS),
        "tsa.pem": "".join(deps.timestamp_authority.certificates).encode(),
    }
    for name in sorted({proof.stamp for proof in proofs}):
        for key in (content_key(name), stamp_key(name)):
            files[key] = content_of(deps.archive, key)
    return files


def _lines(proofs: Iterable[Proof]) -> bytes:
    return b"".join(orjson.dumps(_line(proof)) + b"\n" for proof in sorted(proofs, key=_when))


def _when(proof: Proof) -> tuple[Instant, int]:
    place = proof.place
    return place.book.at(place.link.record), place.link.no


def _line(proof: Proof) -> dict[str, Any]:
    place, link = proof.place, proof.place.link
    return {
        "day": place.day,
        "chain": place.chain,
        "no": link.no,
        "before": link.before,
        "record": orjson.loads(place.book.write(link.record)),
        "stamp": proof.stamp,
        "size": proof.size,
        "path": [each.hex() for each in proof.path],
    }


def _zipped(files: dict[str, bytes]) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for path, content in sorted(files.items()):
            package.writestr(zipfile.ZipInfo(path, MADE), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()
