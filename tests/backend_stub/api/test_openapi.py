"""The API holds to its own OpenAPI document, whatever is sent to it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from joserfc.jwk import ECKey

from backend_stub.app import create_app
from backend_stub.config import RateLimit, Settings
from backend_stub.context import ServiceContext, open_context
from backend_stub.server import ServerGroup
from backend_stub.services.addresses import Edge
from tests.kit.api_document import api_document
from tests.kit.backend import publish_noise
from tests.kit.slices import slice_of

if TYPE_CHECKING:  # it is large, and each process reads all tests
    import schemathesis


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceContext]:
    settings = Settings(tmp_path_factory.mktemp("openapi"), login_limit=RateLimit(attempts=3, window_s=60))
    opened = open_context(settings, lambda: [Edge("edge-a", "http://edge")])
    publish_noise(settings, "Noise", open_licence=True)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def access_token(context: ServiceContext) -> str:
    account = context.accounts.ensure_demo_viewer()
    context.accounts.change(account.id, by=None, role="admin")  # who may call everything
    return context.tokens.issue(account, "test").access_token


@pytest.fixture(scope="module")
def api(context: ServiceContext) -> schemathesis.BaseSchema:
    import schemathesis

    app = create_app(context)
    app.openapi_schema = api_document()
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)


def _in_turn() -> Iterator[tuple[str, str, str]]:
    """Each path and method, and requests that are right or wrong, in turn: what costs is to make the strategy of a
    route. ``tests/soak/fuzz_api.py`` sends both. With one that carries nothing, nothing can be wrong."""
    turn = itertools.cycle(("positive", "negative"))
    for path, methods in api_document()["paths"].items():
        for method, operation in methods.items():
            carries = bool(operation.get("requestBody") or operation.get("parameters"))
            yield path, method, next(turn) if carries else "positive"


@pytest.mark.parametrize(("path", "method", "mode"), slice_of(_in_turn(), 30))
def test_every_route_holds_to_the_document(
    api: schemathesis.BaseSchema, access_token: str, path: str, method: str, mode: str
) -> None:
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    operation = api[path][method]

    @given(case=operation.as_strategy(generation_mode=GenerationMode(mode)))
    @settings(max_examples=6, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def holds(case: schemathesis.Case) -> None:
        case.call_and_validate(
            headers={"Authorization": f"Bearer {access_token}"},
            # A cursor, a point off the curve or a key id may fit the schema and still mean nothing.
            excluded_checks=[positive_data_acceptance],
        )

    holds()


def test_huge_bodies_of_unknown_length_are_refused(group: ServerGroup) -> None:
    pieces = (b" " * 65_536 for _ in range(32))
    headers = {"Content-Type": "application/json"}
    response = httpx.post(f"{group.api_url}/auth/login", content=pieces, headers=headers, trust_env=False)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_every_route_is_documented_with_its_refusals() -> None:
    for path, operations in api_document()["paths"].items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"], (path, status)
            if "security" in operation:
                assert {"401", "403"} <= set(operation["responses"]), path


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("DELETE", "/catalog", 405, "method_not_allowed"),
        ("POST", "/progress", 401, "token_missing"),
    ],
)
def test_refusals_of_the_framework_are_problems(
    group: ServerGroup, method: str, path: str, status: int, code: str
) -> None:
    response = httpx.request(method, group.api_url + path, trust_env=False)
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_huge_bodies_are_refused(group: ServerGroup) -> None:
    response = httpx.post(f"{group.api_url}/auth/login", content=b" " * (2 << 20), trust_env=False)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_a_fault_of_ours_is_a_problem_without_details(group: ServerGroup, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(type(group.context.tokens), "signed_in", fail)
    response = httpx.get(f"{group.api_url}/catalog", headers={"Authorization": "Bearer x"}, trust_env=False)
    assert (response.status_code, response.json()["code"]) == (500, "internal")
    assert "secret detail" not in response.text


def test_time_and_health(group: ServerGroup) -> None:
    now_at = httpx.get(f"{group.api_url}/time", trust_env=False).json()["now_at"]
    assert abs(now_at - group.context.clock.now()) < 60
    assert httpx.get(f"{group.api_url}/health", trust_env=False).json()["status"] == "ok"


def test_a_device_key_of_the_document_registers(context: ServiceContext) -> None:
    account = context.accounts.ensure_demo_viewer()
    key = ECKey.generate_key("P-256")
    jwk = {str(name): value for name, value in key.as_dict(private=False).items()}
    assert context.devices.register(account.id, "x", jwk).id == key.thumbprint()


def test_the_published_folder_is_the_one_served(context: ServiceContext) -> None:
    folder: Path = context.settings.media_dir / "noise"
    assert sorted(path.name for path in folder.iterdir()) == ["clear", "encrypted", "poster.jpg"]
