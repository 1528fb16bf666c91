"""The search for canaries finds each form, and nothing by chance."""

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.canaries import assert_no_canary, forms, found_in, found_in_files, new_canary, new_plain_canary


@given(value=st.binary(min_size=8, max_size=40), before=st.binary(max_size=5), after=st.binary(max_size=5))
def test_a_value_is_found_in_the_base64_of_a_larger_text(value: bytes, before: bytes, after: bytes) -> None:
    around = before + value + after
    assert found_in({"it": value}, base64.b64encode(around))
    assert found_in({"it": value}, base64.urlsafe_b64encode(around))


@given(value=st.text(min_size=8, max_size=40).filter(lambda text: "\ufffd" not in text))
def test_a_value_is_found_in_json_urls_hex_and_python_text(value: str) -> None:
    for content in (json.dumps({"a": value}), json.dumps({"a": value}, ensure_ascii=False), quote(value, safe="")):
        assert found_in({"it": value}, content)
    assert found_in({"it": value}, value.encode().hex())
    assert found_in({"it": value}, f"{value!r}")
    assert found_in({"it": value}, value[::-1].encode() if value.isascii() else value)


def test_folded_base64_is_found() -> None:
    value = new_canary("long") * 4
    encoded = base64.b64encode(value.encode()).decode()
    folded = "\n    ".join(encoded[start : start + 70] for start in range(0, len(encoded), 70))
    assert found_in({"it": value}, folded)


def test_other_text_holds_no_canary() -> None:
    values = {"password": new_canary("password"), "token": new_plain_canary("token")}
    assert found_in(values, b"error[path-missing]: Vault has nothing at secret/data/x\n" * 100) == []


def test_the_failure_names_canary_and_place_but_not_the_value() -> None:
    value = new_canary("password")
    with pytest.raises(AssertionError) as failure:
        assert_no_canary({"password": value}, {"stderr": f"x {value} x"})
    assert "stderr: password (raw)" in str(failure.value)
    assert not [form for form in forms(value).values() if form in str(failure.value).encode()]


def test_files_are_searched_by_name_and_content(tmp_path: Path) -> None:
    value = new_plain_canary("token")
    (tmp_path / "plain").write_text("nothing")
    (tmp_path / f"{value}.txt").write_text("nothing")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"\xff" + value.encode())
    (tmp_path / "link").symlink_to(value)
    assert len(found_in_files({"token": value}, [tmp_path])) == 3


def test_a_short_canary_is_refused() -> None:
    with pytest.raises(ValueError, match="8 bytes"):
        forms("short")
