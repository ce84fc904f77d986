"""The UNIONPAY secret: what is missing or malformed is named, and no value is ever told."""

import pytest

from octane.channels.unionpay.config import UnionPayConfig, UnionPayConfigError
from simulators.unionpay.authority import unionpay_secret

URLS = ("https://g.test", "https://f.test", "https://o.test/p", "https://o.test/r")
BAD = {
    "mer_id": ["", None, 7],
    "cert_id": ["", "0x10", "１２", "abc"],
    "private_key_pem": ["", None],
    "root_certificates": [[], "text", [1]],
    "intermediate_certificates": ["text", [None]],
    "signer_names": [[""], "text"],
    "channel_type": ["09", 8],
    "sub_merchants": [[], {"1": "x"}, {"1": {"name": "n"}}],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in BAD for value in BAD[name]])
def test_a_bad_setting_is_named_and_not_told(keys, name, value):
    with pytest.raises(UnionPayConfigError) as refused:
        UnionPayConfig.from_secret({**unionpay_secret(keys), name: value}, *URLS)
    told = str(refused.value)
    assert name in (told, "sub_merchants")
    assert "PRIVATE" not in told


def test_defaults_are_strict(config):
    assert config.signer_names == ("中国银联股份有限公司",)
    assert config.channel_type == "08"
    assert "PRIVATE KEY" not in repr(config)
