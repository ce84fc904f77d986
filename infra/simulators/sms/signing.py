"""TC3-HMAC-SHA256 as Tencent Cloud's API 3.0 checks it. Instants are epoch seconds here."""

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from simulators.protocol import Call, RefusedError

SCHEME = "TC3-HMAC-SHA256"
SKEW_SECONDS = 300
AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=([^/,\s]+)/(\d{4}-\d\d-\d\d)/([a-z]+)/tc3_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class SmsKeys:
    secret_id: str
    secret_key: str
    sdk_app_id: str
    sign_name: str
    template_id: str


def new_sms_keys() -> SmsKeys:
    """Fresh keys of one customer: an application, a signature and a template that are approved."""
    return SmsKeys(
        secret_id="AKID" + secrets.token_hex(16),
        secret_key=secrets.token_hex(16),
        sdk_app_id="1400" + str(secrets.randbelow(900_000) + 100_000),
        sign_name="奥克坦",
        template_id=str(secrets.randbelow(900_000) + 100_000),
    )


def refused(code: str, message: str) -> RefusedError:
    """This API answers HTTP 200 with an error."""
    return RefusedError(200, code, message)


def check(keys: SmsKeys, service: str, call: Call, now: int) -> None:
    """Raise a refusal for a call that these keys did not sign for this service within five minutes."""
    found = AUTHORIZATION.fullmatch(call.headers.get("authorization", ""))
    stamp = call.headers.get("x-tc-timestamp", "")
    if found is None or not stamp.isdecimal():
        raise refused("AuthFailure.InvalidAuthorization", "请求头部的 Authorization 不符合腾讯云标准")
    secret_id, day, named_service, names, given = found.groups()
    if secret_id != keys.secret_id:
        raise refused("AuthFailure.SecretIdNotFound", "密钥不存在")
    if abs(int(stamp) - now) > SKEW_SECONDS:
        raise refused("AuthFailure.SignatureExpire", "签名过期")
    if day != f"{datetime.fromtimestamp(int(stamp), UTC):%Y-%m-%d}" or named_service != service:
        raise refused("AuthFailure.SignatureFailure", "Credential 的日期或服务不符")
    signed = names.split(";")
    if not {"content-type", "host"} <= set(signed) or signed != sorted(set(signed)):
        raise refused("AuthFailure.SignatureFailure", "SignedHeaders 缺少 content-type 或 host, 或未排序")
    right = signature(keys.secret_key, f"{day}/{service}/tc3_request", stamp, call, signed)
    if not hmac.compare_digest(given, right):
        raise refused("AuthFailure.SignatureFailure", "签名错误")


def signature(secret_key: str, scope: str, stamp: str, call: Call, signed: list[str]) -> str:
    """What a right caller computes for this call; `scope` is `<day>/<service>/tc3_request`."""
    path, _, query = call.target.partition("?")
    request = "\n".join(
        [call.method, path, query, _lines(call.headers, signed), ";".join(signed), _digest(call.body)]
    )
    text = f"{SCHEME}\n{stamp}\n{scope}\n{_digest(request.encode())}"
    key = f"TC3{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), sha256)
    return hmac.digest(key, text.encode(), sha256).hex()


def _lines(headers: Mapping[str, str], signed: list[str]) -> str:
    return "".join(f"{name}:{headers.get(name, '').strip().lower()}\n" for name in signed)


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()
