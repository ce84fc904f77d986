"""The raw text that Alipay signed is found whatever stands in it, and never written again."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octane.channels.alipay.envelope import EnvelopeError, open_envelope, outline
from octane.channels.alipay.exchange import parse_object

METHOD = "alipay.trade.query"
NAME = "alipay_trade_query_response"
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(['"', "\\", '{"', "}]"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(
    content=st.dictionaries(st.text(max_size=6), VALUES, max_size=5),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 0, 3]),
    first=st.booleans(),
)
def test_the_content_comes_back_as_it_was_written(content, ascii_only, indent, first):
    written = json.dumps(content, ensure_ascii=ascii_only, indent=indent)
    sign = '"sign" :\t"c2ln"'
    parts = [f'"{NAME}":{written}', sign] if first else [sign, f'"{NAME}" : {written}']
    envelope = open_envelope("{ " + " ,\n".join(parts) + " }\n", METHOD)
    assert (envelope.content, envelope.signature) == (written, "c2ln")


@given(st.text(max_size=40) | st.text(alphabet='{}[]":,\\ea1 ', max_size=40))
def test_any_text_is_an_outline_or_an_error(text):
    try:
        parts = outline(text)
    except EnvelopeError:
        return
    assert isinstance(parts, dict)


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4))
def test_every_json_object_has_the_outline_of_its_members(content):
    parts = outline(json.dumps(content))
    assert {name: json.loads(value) for name, value in parts.items()} == content


def test_escapes_and_brackets_in_strings_do_not_count():
    content = r'{"subject":"a}\"{\\","list":[{"b":"]"}],"url":"https:\/\/x"}'
    envelope = open_envelope(f'{{"{NAME}":{content},"alipay_cert_sn":"sn","sign":"s"}}', METHOD)
    assert (envelope.content, envelope.certificate_sn) == (content, "sn")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "null",
        "[]",
        '"x"',
        "{",
        '{"a"',
        '{"a":}',
        '{"a":1,}',
        "{a:1}",
        f'{{"{NAME}":{{}}',
        f'{{"{NAME}":{{}}}}}}',
        f'{{"{NAME}":{{}}}} x',
        f'{{"{NAME}":"encrypted","sign":"s"}}',
        f'{{"{NAME}":[],"sign":"s"}}',
        f'{{"{NAME}":{{}},"{NAME}":{{}},"sign":"s"}}',
        f'{{"{NAME}":{{}},"alipay_trade_query\\u005fresponse":{{}},"sign":"s"}}',
        f'{{"{NAME}":{{}},"error_response":{{}},"sign":"s"}}',
        f'{{"{NAME}":{{"a":"unclosed}},"sign":"s"}}',
        f'{{"{NAME}":{{}},"sign":1}}',
        f'{{"{NAME}":{{}},"sign":null}}',
        '{"alipay_trade_create_response":{},"sign":"s"}',
        f'\ufeff{{"{NAME}":{{}},"sign":"s"}}',
        '{"a":' * 50,
    ],
)
def test_what_is_no_answer(text):
    with pytest.raises(EnvelopeError):
        open_envelope(text, METHOD)


def test_deep_and_large_answers_end_quickly():
    with pytest.raises(EnvelopeError):
        open_envelope('{"' + NAME + '":' + "[" * 500_000, METHOD)
    with pytest.raises(EnvelopeError):
        open_envelope('{"' + NAME + '":{"a":"' + "\\" * 500_001, METHOD)
    deep = "[" * 100_000 + "]" * 100_000
    assert parse_object('{"a":' + deep + "}") is None


def test_a_missing_signature_is_empty():
    assert open_envelope(f'{{"{NAME}":{{}}}}', METHOD).signature == ""
