"""No secret gets through redaction, and what people need to read does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.base.errors import NetError
from player.net.failures import connect_failure, status_failure
from player.net.model import Request, RequestKind
from player.net.redact import host_of, redact_payload, redact_text, redact_url

# Secrets are made of letters that occur nowhere else in the addresses.
SECRETS = st.text("QWXYZqwxyz0123456789-_", min_size=6, max_size=60)
NAMES = st.text("abcdef", min_size=1, max_size=8)


@st.composite
def signed_urls(draw: st.DrawFn) -> tuple[str, str]:
    secret, name = draw(SECRETS), draw(NAMES)
    form = draw(
        st.sampled_from(
            [
                "https://{s}@cdn.test/{n}.m4s",
                "https://user:{s}@cdn.test:8443/{n}.m4s",
                "http://cdn.test/s/{s}/title/{n}.m4s",
                "http://cdn.test/s/{s}",
                "http://cdn.test/{n}/seg.m4s?token={s}",
                "http://cdn.test/{n}/seg.m4s?a=1&sig={s}&b",
                "http://cdn.test/{n}/seg.m4s?{s}",
                "http://cdn.test/hdnts=exp=1~hmac={s}/{n}.m4s",
                "http://cdn.test/{n};jsessionid={s}/x.m4s",
                "http://cdn.test/{n}.m4s#{s}",
                "data:application/octet-stream;base64,{s}",
            ]
        )
    )
    return form.format(s=secret, n=name), secret


@given(signed_urls())
def test_no_secret_is_left_in_an_address_or_a_text_about_it(case: tuple[str, str]) -> None:
    url, secret = case
    assert secret not in redact_url(url)
    assert secret not in redact_text(f'GET "{url}" failed, Authorization: Bearer {secret}')
    assert secret not in repr(Request(RequestKind.SEGMENT, url, headers={"Authorization": secret}))


@given(signed_urls(), st.sampled_from([301, 401, 403, 404, 410, 416, 418, 429, 500, 503]))
def test_no_secret_is_left_in_an_error(case: tuple[str, str], status: int) -> None:
    url, secret = case
    errors: list[NetError] = [status_failure(status, url, {}, 0.0), connect_failure(OSError(url), url)]
    for error in errors:
        shown = f"{error!r} {error} {error.as_dict()}"
        assert secret not in shown


@given(st.text(max_size=80))
def test_any_text_can_be_redacted(text: str) -> None:
    assert isinstance(redact_url(text), str)
    assert isinstance(redact_text(text), str)


def test_what_helps_is_kept() -> None:
    url = "https://u:p@cdn.test:8443/s/abc.def/title/video_1080p/segment_000012.m4s?e=12&sig=xx"
    assert redact_url(url) == "https://cdn.test:8443/s/***/title/video_1080p/segment_000012.m4s?e=***&sig=***"
    assert redact_url("video/a.m4s") == "video/a.m4s"
    assert redact_url("http://[bad") == "***"
    assert host_of(url) == "cdn.test:8443"


def test_long_tokens_in_a_path_are_hidden_and_long_file_names_are_not() -> None:
    token = "a" * 50
    assert redact_url(f"http://cdn.test/{token}/a.m4s") == "http://cdn.test/***/a.m4s"
    assert redact_url(f"http://cdn.test/{token}.m4s") == f"http://cdn.test/{token}.m4s"


def test_a_play_session_is_not_named() -> None:
    session = "40f553b9ca0312af406daad1afbef181"
    for what in ("heartbeat", "end"):
        shown = redact_url(f"http://service.test/api/v1/play/{session}/{what}")
        assert shown == f"http://service.test/api/v1/play/***/{what}"


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (r'{"url":"https:\/\/u:door@ads.test\/a?token=door"}', '{"url":"https://ads.test/a?token=***"}'),
        ("wss://u:door@ads.test/?token=door", "wss://ads.test/?token=***"),
        ("<Ad href='//u:door@ads.test/?token=door'/>", "<Ad href='//ads.test/?token=***'/>"),
        ('{"beacon":"/seen?sig=door&x=door"}', '{"beacon":"/seen?sig=***&x=***"}'),
        ('{"Authorization":"Bearer door"}', '{"Authorization":"Bearer ***"}'),
        ("/DAlAAAAAAAAAP//s/8BQ+A=", "/DAlAAAAAAAAAP//s/8BQ+A="),
        ("What is this? 1 = 2", "What is this? 1 = 2"),
    ],
)
def test_what_a_stream_says_is_shown_without_its_secrets(payload: str, shown: str) -> None:
    assert redact_payload(payload) == shown
