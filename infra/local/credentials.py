"""Put values into the stack's secrets, as an operator does once on AWS."""

import json
import secrets
from collections.abc import Mapping

from joserfc.jwk import OKPKey

from local.cloud import Cloud
from local.simulators import Simulators


def fill_secrets(cloud: Cloud, outputs: Mapping[str, str], simulators: Simulators) -> None:
    """The merchant's credentials at each company, and a fresh pair of keys for our access tokens.

    Token keys that are already there stay, so that a deployment logs nobody out.
    """
    manager = cloud.client("secretsmanager")
    values: dict[str, object] = {
        "WechatSecretArn": simulators.wechat("GET", "/keys"),
        "AlipaySecretArn": simulators.alipay("GET", "/keys"),
        "UnionPaySecretArn": simulators.unionpay("GET", "/keys"),
        "IssuerSecretArn": simulators.issuer("GET", "/keys"),
        "BankSecretArn": simulators.bank("GET", "/keys"),
        "SmsSecretArn": simulators.sms("GET", "/keys"),
        "AllianceSecretArn": simulators.alliance("GET", "/keys"),
        "TsaSecretArn": simulators.tsa("GET", "/keys"),
        "MapsSecretArn": simulators.maps("GET", "/keys"),
        "ErpSecretArn": simulators.erp("GET", "/keys"),
        "BillersSecretArn": simulators.billers("GET", "/keys"),
    }
    held = json.loads(manager.get_secret_value(SecretId=outputs["TokensSecretArn"])["SecretString"])
    if "private_jwk" not in held:
        values["TokensSecretArn"], values["TokenVerifierSecretArn"] = token_keys()
    for output, value in values.items():
        manager.put_secret_value(SecretId=outputs[output], SecretString=json.dumps(value))


def token_keys() -> tuple[dict[str, object], dict[str, object]]:
    """The values of the signing and the verifying secret: a new Ed25519 key and a new pepper."""
    key = OKPKey.generate_key("Ed25519", {"kid": secrets.token_hex(8), "use": "sig", "alg": "Ed25519"})
    signing: dict[str, object] = {"private_jwk": key.as_dict(private=True), "pepper": secrets.token_hex(32)}
    return signing, {"public_jwks": {"keys": [key.as_dict(private=False)]}}
