"""An installation that is not safe does not start, and says why without saying a secret."""

from __future__ import annotations

import base64
from pathlib import Path

from securelogin.security_card import drawing
from tests.security.production import KEY, python, starts

REFUSED: list[tuple[dict[str, str | None], str]] = [
    *(
        ({name: value}, f"Set {name} (or {name}_FILE)")
        for name in ("SECRET_KEY", "ANSWER_KEYS", "VALUE_KEYS", "AUDIT_KEYS", "SEED_KEYS")
        for value in (None, " ")
    ),
    ({"SECRET_KEY": KEY[:30]}, "SECRET_KEY needs at least 50"),
    ({"SECRET_KEY": "ab" * 40}, "SECRET_KEY needs at least 50"),
    ({"ANSWER_KEYS": f"a:{KEY[:-4]}"}, "at least 32 bytes"),
    ({"ANSWER_KEYS": f"a:{KEY}!"}, "at least 32 bytes"),
    ({"ANSWER_KEYS": KEY}, "id:base64"),
    ({"ANSWER_KEYS": f":{KEY}"}, "id:base64"),
    ({"ANSWER_KEYS": f"a:{KEY},"}, "id:base64"),
    ({"ANSWER_KEYS": f"a:{KEY},b:{KEY}"}, "given twice"),
    ({"ANSWER_KEYS": f"a:{KEY}", "VALUE_KEYS": f"v:{KEY}"}, "must not share"),
    ({"VALUE_KEYS": f"v:{KEY}", "AUDIT_KEYS": f"e:{KEY}"}, "must not share"),
    ({"ANSWER_KEYS": f"a:{KEY}", "AUDIT_KEYS": f"e:{KEY}"}, "must not share"),
    ({"SEED_KEYS": f"s:{KEY}", "AUDIT_KEYS": f"e:{KEY}"}, "must not share"),
    ({"SEED_KEYS": f"s:{base64.b64encode(bytes(32)).decode()}"}, "not random"),
    ({"VALUE_KEYS": f"v:{base64.b64encode(bytes(32)).decode()}"}, "not random"),
    ({"SECURELOGIN_POLICY": '{"factor_attempts": 101}'}, "factor_attempts"),
    ({"SECURELOGIN_POLICY": '{"no_such_number": 1}'}, "no_such_number"),
    ({"SECURELOGIN_POLICY": '{"code_single_use": 1}'}, "code_single_use"),
    ({"SECURELOGIN_POLICY": "not json"}, "SECURELOGIN_POLICY"),
    ({"TRUSTED_PROXIES": "10.0.0.0/40"}, "TRUSTED_PROXIES"),
    # Cookies without Secure, for a host that others can reach.
    ({"INSECURE_HTTP": "true"}, "INSECURE_HTTP"),
    ({"INSECURE_HTTP": "true", "ALLOWED_HOSTS": "*"}, "INSECURE_HTTP"),
]


def test_the_deployment_check_is_clean_in_service() -> None:
    drawing.build(drawing.in_service())
    assert "no issues" in python("manage.py", "check", "--deploy", "--fail-level", "WARNING")


def test_it_refuses_to_start_with_settings_that_open_a_hole() -> None:
    for (changes, words), (status, said) in zip(
        REFUSED, starts([changes for changes, _words in REFUSED]), strict=True
    ):
        assert status != 0, changes
        assert words in said, changes
        # Not even a wrong key is repeated.
        assert KEY[:20] not in said
        assert "ab" * 10 not in said


def test_it_starts_in_service_and_takes_keys_from_files(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text(f"new:{KEY}\n")
    rotated = f"new:{KEY},old:{base64.b64encode(bytes(range(32))).decode()}"
    for status, said in starts(
        [
            {"ANSWER_KEYS": rotated},
            {"ANSWER_KEYS": None, "ANSWER_KEYS_FILE": str(secret)},
        ]
    ):
        assert status == 0, said
