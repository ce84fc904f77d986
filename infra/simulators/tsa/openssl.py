"""One timestamp by `openssl ts -reply`, in a folder of its own that is gone afterwards.

The time in it is this machine's: OpenSSL takes no other.
"""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from simulators.tsa.keys import TsaKeys

POLICY = "1.3.6.1.4.1.32473.1"
"""Below the number that is set aside for examples (RFC 5612)."""
SECONDS = 10
SETTINGS = f"""
[tsa]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = {POLICY}
digests = sha256, sha384, sha512
accuracy = secs:1
clock_precision_digits = 3
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def timestamp(keys: TsaKeys, query: bytes, before: int) -> bytes:
    """Answer a TimeStampReq (DER) with a TimeStampResp (DER): a refusal where OpenSSL cannot read it.

    The serial number is the one after `before`, which is below 2**63.
    """
    with TemporaryDirectory(prefix="tsa-") as name:
        folder = Path(name)
        (folder / "tsa.cnf").write_text(SETTINGS)
        (folder / "serial").write_text(f"{before:016X}\n")
        (folder / "tsa.pem").write_text(keys.certificate_pem)
        (folder / "tsa.key").touch(mode=0o600)
        (folder / "tsa.key").write_text(keys.private_key_pem)
        (folder / "query.tsq").write_bytes(query)
        command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-section", "tsa"]
        files = ["-queryfile", "query.tsq", "-out", "answer.tsr"]
        subprocess.run([*command, *files], cwd=folder, check=True, capture_output=True, timeout=SECONDS)
        return (folder / "answer.tsr").read_bytes()
