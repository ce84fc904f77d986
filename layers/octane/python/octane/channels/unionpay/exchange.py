"""One signed call to UnionPay, and whether its answer may be believed."""

from dataclasses import dataclass
from http import HTTPStatus

from octane.channels.port import Unknown
from octane.channels.unionpay.certificates import CertificateRefusedError, SignerCertificates
from octane.channels.unionpay.config import UnionPayConfig
from octane.channels.unionpay.messages import (
    CHARSET,
    Fields,
    MessageUnreadableError,
    read_answer,
    signing_message,
    write_form,
)
from octane.wire import rsa
from octane.wire.http import NoAnswerError, NotSentError, Transport
from octane.wire.rsa import KeyUnreadableError

VERSION = "5.1.0"
RSA_SIGNED = "01"
FORM = f"application/x-www-form-urlencoded; charset={CHARSET}"
ECHOED = ("merId", "orderId", "txnTime")
"""An answer that does not repeat these as its request had them belongs to another request."""


@dataclass(frozen=True, slots=True)
class NotSent:
    """Proof that the request never left."""

    reason: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose certificate and signature verified, and that belongs to its request."""

    fields: Fields

    @property
    def code(self) -> str:
        return self.fields.get("respCode", "") or "ANSWER_UNREADABLE"

    @property
    def original_code(self) -> str:
        """In the answer to a query: what became of the transaction."""
        return self.fields.get("origRespCode", "")

    @property
    def message(self) -> str:
        return self.fields.get("respMsg", "")


def signed(config: UnionPayConfig, fields: Fields) -> Fields:
    """Add what every message carries, and the signature."""
    complete = {
        "version": VERSION,
        "encoding": CHARSET,
        "signMethod": RSA_SIGNED,
        "certId": config.cert_id,
        "merId": config.mer_id,
        **{name: value for name, value in fields.items() if value},
    }
    key = rsa.load_private_key(config.private_key_pem)
    return {**complete, "signature": rsa.sign(key, signing_message(complete).encode())}


def is_genuine(certificates: SignerCertificates, fields: Fields) -> bool:
    """Did UnionPay sign this message, with a certificate that we believe?"""
    if fields.get("version") != VERSION or fields.get("signMethod") != RSA_SIGNED:
        return False
    try:
        key = certificates.key_of(fields.get("signPubKeyCert", ""))
    except CertificateRefusedError:
        return False
    return rsa.verify(key, signing_message(fields).encode(), fields.get("signature", ""))


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a call needs from outside."""

    config: UnionPayConfig
    transport: Transport
    certificates: SignerCertificates

    def call(self, url: str, fields: Fields) -> Answer | NotSent | Unknown:
        """Sign and send; believe the answer only if its signature verifies."""
        try:
            request = signed(self.config, fields)
        except KeyUnreadableError as error:
            return NotSent(str(error))
        headers = {"accept": "*/*", "content-type": FORM, "user-agent": "octane/1"}
        try:
            response = self.transport.send("POST", url, headers, write_form(request), self.config.timeout_s)
        except NotSentError as error:
            return NotSent(str(error))
        except NoAnswerError as error:
            return Unknown(f"NO_ANSWER {error}", no_answer=True)
        if response.status != HTTPStatus.OK:
            return Unknown(f"HTTP_{response.status}")
        try:
            answer = read_answer(response.body)
        except MessageUnreadableError:
            return Unknown("ANSWER_UNREADABLE")
        if not is_genuine(self.certificates, answer):
            return Unknown("ANSWER_SIGNATURE_INVALID")
        for name in ECHOED:
            if name in request and answer.get(name) != request[name]:
                return Unknown(f"ANSWER_FOREIGN {name}")
        return Answer(answer)
