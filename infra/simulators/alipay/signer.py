"""The gateway's guard: who may ask, with which signature; and Alipay's own signature on what leaves."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from simulators.alipay import crypto
from simulators.alipay.keys import AlipayKeys, certificate_sn
from simulators.keys import private_key
from simulators.misbehaviour import Effect, Faults
from simulators.protocol import Call, Json, Letter, Notice, Now, RefusedError
from simulators.texts import CHINA, stamp

SKEW_MS = 15 * 60_000
MOST_FIELDS = 60
NEEDED = ("app_id", "method", "sign_type", "sign", "timestamp", "version")


def gateway_error(code: str, message: str) -> RefusedError:
    """A definite no of the gateway itself, `isv.…`."""
    return RefusedError(200, f"isv.{code}", message)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that the gateway has read; `content` is its biz_content."""

    method: str
    parameters: Mapping[str, str]
    content: Json
    certified: bool


def parameters_of(call: Call) -> dict[str, str]:
    """The public parameters, from the address and the body together; one name twice is refused."""
    try:
        text = [call.target.partition("?")[2], call.body.decode() if call.method == "POST" else ""]
        found = [
            pair
            for part in text
            for pair in parse_qsl(
                part,
                keep_blank_values=True,
                strict_parsing=bool(part),
                errors="strict",
                max_num_fields=MOST_FIELDS,
            )
        ]
    except ValueError:
        raise gateway_error("invalid-encoding", "字符集错误") from None
    if len(dict(found)) != len(found):
        raise gateway_error("invalid-parameter", "参数重复")
    return dict(found)


class Signer:
    def __init__(self, keys: AlipayKeys, now: Now) -> None:
        self.keys = keys
        self._now = now
        self._app = private_key(keys.app_private_key_pem).public_key()
        self._alipay = private_key(keys.alipay_private_key_pem)
        self._other = private_key(keys.root_private_key_pem)
        self._app_sn, self._alipay_sn, self._root_sn = (
            certificate_sn(pem)
            for pem in (keys.app_certificate_pem, keys.alipay_certificate_pem, keys.root_pem)
        )

    def knows(self, parameters: Mapping[str, str]) -> bool:
        """Whether the application exists: a stranger's answer is not even signed."""
        return parameters.get("app_id") == self.keys.app_id

    def verify(self, parameters: Mapping[str, str]) -> Asked:
        """Raises a refusal of the gateway."""
        if not self.knows(parameters):
            raise gateway_error("invalid-app-id", "无效的AppID参数")
        for name in NEEDED:
            if not parameters.get(name):
                raise gateway_error(f"missing-{name.replace('_', '-')}", f"缺少{name}参数")
        if parameters["sign_type"] != "RSA2":
            raise gateway_error("invalid-signature-type", "无效的签名类型")
        if parameters.get("charset", "").lower() != "utf-8":
            raise gateway_error("invalid-charset", "字符集错误")
        if parameters.get("format", "JSON").upper() != "JSON" or parameters["version"] != "1.0":
            raise gateway_error("invalid-format", "无效的数据格式")
        self._check_time(parameters["timestamp"])
        certified = self._check_certificates(parameters)
        message = crypto.pairs(parameters, "sign")
        if not crypto.verifies(self._app, message.encode(), parameters["sign"]):
            raise gateway_error(
                "invalid-signature", f"验签出错, 建议检查签名字符串或签名私钥与应用公钥是否匹配: {message}"
            )
        return Asked(parameters["method"], parameters, _content(parameters), certified)

    def answer(self, method: str, content: Json, certified: bool, faults: Faults) -> bytes:
        """Write and sign an answer: slashes are escaped, as Alipay writes them."""
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
        signature = crypto.sign(self._key(faults), text.encode())
        certificate = f',"alipay_cert_sn":"{self._alipay_sn}"' if certified else ""
        return f'{{"{answer_name(method)}":{text}{certificate},"sign":"{signature}"}}'.encode()

    def letter(self, notice: Notice, notify_id: str, faults: Faults) -> Letter:
        """One delivery of a notice: a form, signed without its sign_type."""
        stale = faults.get(Effect.STALE)
        wrong = faults.get(Effect.WRONG_AMOUNT)
        fields = {
            "app_id": self.keys.app_id,
            "auth_app_id": self.keys.app_id,
            "seller_id": self.keys.seller_id,
            "charset": "utf-8",
            "version": "1.0",
            "notify_id": notify_id,
            "notify_time": stamp(self._now() - (stale.ms if stale else 0)),
            **{name: str(value) for name, value in notice.content.items()},
        }
        if wrong is not None:
            fields["total_amount"] = f"{wrong.amount_fen // 100}.{wrong.amount_fen % 100:02d}"
        fields["sign"] = crypto.sign(self._key(faults), crypto.pairs(fields).encode())
        fields["sign_type"] = "RSA2"
        return Letter(
            {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}, urlencode(fields).encode()
        )

    def _key(self, faults: Faults) -> RSAPrivateKey:
        return self._other if Effect.WRONG_SIGNATURE in faults else self._alipay

    def _check_time(self, text: str) -> None:
        try:
            sent = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
        except ValueError:
            raise gateway_error("invalid-timestamp", "非法的时间戳参数") from None
        if abs(int(sent.timestamp()) * 1000 - self._now()) > SKEW_MS:
            raise gateway_error("invalid-timestamp", "非法的时间戳参数")

    def _check_certificates(self, parameters: Mapping[str, str]) -> bool:
        """Whether this is certificate mode: then both names must be right."""
        app, root = parameters.get("app_cert_sn", ""), parameters.get("alipay_root_cert_sn", "")
        if not app and not root:
            return False
        if app != self._app_sn or root != self._root_sn:
            raise gateway_error("app-cert-sn-not-match", "应用公钥证书或支付宝根证书与应用不匹配")
        return True


def answer_name(method: str) -> str:
    return method.replace(".", "_") + "_response" if method else "error_response"


def _content(parameters: Mapping[str, str]) -> Json:
    try:
        content = json.loads(parameters.get("biz_content") or "{}", parse_float=str)
    except ValueError:
        raise gateway_error("invalid-parameter", "biz_content不是JSON对象") from None
    if not isinstance(content, dict):
        raise gateway_error("invalid-parameter", "biz_content不是JSON对象")
    return content
