"""The pages: signing in, what is to be seen, and the forms by which something is changed."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse

from backend_stub.admin import PREFIX, access, fault_switches, plots
from backend_stub.admin.access import Form, PageRefusedError, SealedForm, SignedInAdmin, SignedInOperator
from backend_stub.admin.page import FOLDER, HEADERS, PageRoute, clean, page, see_other
from backend_stub.api.auth import checked_sign_in
from backend_stub.api.deps import MOST_ID, Before, Context, DeviceId, Hex32
from backend_stub.api.kiosk import RESULT_HEADERS
from backend_stub.db.keyset import behind
from backend_stub.faults.control import FaultControl
from backend_stub.faults.document import FaultDocumentError
from backend_stub.problems import ProblemError
from backend_stub.services.device_commands import KINDS
from backend_stub.services.quality import Group

router = APIRouter(prefix=PREFIX, include_in_schema=False, route_class=PageRoute)

_STATIC = {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"}
_GROUPS: dict[str, Group] = {
    "Titles": "title_id",
    "CDNs": "pathway",
    "Devices": "device_id",
    "Versions": "app_version",
}
_PERIODS = {1: "hour", 24: "day", 168: "week"}
_SHOWN = 12  # rows of a group
_PER_PAGE = 50
_LIFETIMES_S = {"600": "10 minutes", "3600": "an hour", "86400": "a day", "604800": "a week", "2592000": "30 days"}
_Hours = Annotated[Literal["1", "24", "168"], Query()]
_Id = Annotated[str, Path(max_length=64)]


@router.get("/static/{name}")
def static(name: Literal["console.css", "console.js", "icon.svg"]) -> FileResponse:
    headers = {**HEADERS, "Cache-Control": "public, max-age=300"}
    return FileResponse(FOLDER / "static" / name, media_type=_STATIC[name], headers=headers)


@router.get("/sign-in")
def sign_in_page() -> Response:
    return page("sign_in.html", None, message="", email="")


@router.post("/sign-in")
def sign_in(request: Request, context: Context, form: Form) -> Response:
    email = form.get("email", "")[:254]
    response = see_other("")
    try:
        account = checked_sign_in(context, request, email, form.get("password", ""))
        access.begin(context, request, response, account)
    except (ProblemError, PageRefusedError) as error:
        sentence = error.title if isinstance(error, ProblemError) else error.sentence
        return page("sign_in.html", None, status=error.status, message=sentence, email=email)
    return response


@router.post("/sign-out")
def sign_out(context: Context, operator: SignedInOperator, _form: SealedForm) -> Response:
    response = see_other("/sign-in")
    access.end(context, response, operator)
    return response


@router.get("")
def overview(context: Context, operator: SignedInOperator, hours: _Hours = "24") -> Response:
    if not operator.is_admin:
        return see_other("/titles")
    now, length = context.clock.now(), int(hours)
    since = now - length * 3600
    most = {group: context.quality.most(since, group, _SHOWN) for group in _GROUPS.values()}
    names = context.insight.names(*([one.name for one in most[group]] for group in ("title_id", "device_id")))
    known = {"title_id": names.titles, "device_id": names.devices}
    groups = {
        title: [(known.get(group, {}).get(one.name, one.name) or "not said", one) for one in most[group]]
        for title, group in _GROUPS.items()
    }
    return page(
        "overview.html",
        operator,
        hours=length,
        periods=_PERIODS,
        whole=context.quality.of(since)[0],
        streams=context.streams.running(),
        plots=plots.quality_plots(context.insight.over_time(length, 24 if length > 1 else 20), now),
        groups=groups,
        pathways=context.steering.states(),
    )


@router.get("/sessions")
def sessions(
    context: Context,
    operator: SignedInAdmin,
    before: Before,
    title: Annotated[str, Query(max_length=64)] = "",
    q: Annotated[str, Query(max_length=254)] = "",
) -> Response:
    now = context.clock.now()
    found = context.insight.sessions(before=before, limit=_PER_PAGE, title_id=clean(title), email=clean(q))
    older = behind(found, _PER_PAGE, lambda one: one.place)
    drawn = plots.by_day("Playbacks", context.insight.by_day("sessions"), now)
    return page("sessions.html", operator, sessions=found, older=older, title=title, q=q, now=now, plots=drawn)


@router.get("/sessions/{account_id}/{session_id}")
def session(context: Context, operator: SignedInAdmin, account_id: Hex32, session_id: _Id) -> Response:
    try:
        played, events, email = context.insight.session(account_id, session_id)
    except LookupError:
        raise PageRefusedError(404, "There is no such session.") from None
    drawn = plots.timeline(events, played.started_at)
    return page("session.html", operator, played=played, events=events, email=email, plots=drawn)


@router.get("/devices")
def devices(
    context: Context,
    operator: SignedInAdmin,
    before: Before,
    q: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    now = context.clock.now()
    found = context.device_commands.devices(_PER_PAGE, text=clean(q), before=before)
    older = behind(found, _PER_PAGE, lambda one: one.place)
    drawn = plots.by_day("Devices by when they were last seen", context.insight.by_day("devices"), now)
    return page("devices.html", operator, devices=found, q=q, older=older, now=now, plots=drawn)


@router.get("/devices/{device_id}")
def device(context: Context, operator: SignedInAdmin, device_id: DeviceId) -> Response:
    try:
        known = context.device_commands.device(device_id)
    except LookupError:
        raise PageRefusedError(404, "No account has this device.") from None
    commands = context.device_commands.of_device(device_id)
    return page(
        "device.html",
        operator,
        known=known,
        commands=commands,
        kinds=KINDS,
        lifetimes=_LIFETIMES_S,
        now=context.clock.now(),
    )


@router.post("/devices/{device_id}/commands")
def issue_command(context: Context, operator: SignedInAdmin, form: SealedForm, device_id: DeviceId) -> Response:
    kind, expires_in_s = form.get("kind", ""), form.get("expires_in_s", "86400")
    if kind not in KINDS or expires_in_s not in _LIFETIMES_S:
        raise PageRefusedError(422, "There is no such command.")
    playlist = form.get("playlist", "") if kind == "playlist" else ""
    try:
        context.device_commands.issue(
            device_id, kind, by=operator.account.id, playlist=playlist, expires_in_s=float(expires_in_s)
        )
    except LookupError:
        raise PageRefusedError(404, "No account has this device.") from None
    return see_other(f"/devices/{device_id}")


@router.post("/devices/{device_id}/commands/{command_id}/withdrawal")
def withdraw_command(
    context: Context, operator: SignedInAdmin, _form: SealedForm, device_id: DeviceId, command_id: Hex32
) -> Response:
    try:
        context.device_commands.withdraw(command_id, by=operator.account.id)
    except LookupError:
        raise PageRefusedError(404, "There is no such command.") from None
    return see_other(f"/devices/{device_id}")


@router.get("/commands/{command_id}/result")
def command_result(context: Context, _operator: SignedInAdmin, command_id: Hex32) -> Response:
    try:
        result = context.device_commands.result(command_id)
    except LookupError:
        raise PageRefusedError(404, "This command brought nothing back.") from None
    return Response(result.data, media_type=result.media_type, headers=RESULT_HEADERS)


@router.get("/faults")
def faults(request: Request, context: Context, operator: SignedInAdmin) -> Response:
    return _faults_page(request, context, operator)


@router.post("/faults")
def set_faults(request: Request, context: Context, operator: SignedInAdmin, form: SealedForm) -> Response:
    control = _control(request)
    if "document" in form:
        text = form["document"]
    else:
        chosen = {state.pathway: form.get(f"edge {state.pathway}", "") for state in context.steering.states()}
        text = fault_switches.document(chosen)
    try:
        control.set(text)
    except FaultDocumentError as error:
        return _faults_page(request, context, operator, text=text, message=str(error))
    return see_other("/faults")


@router.post("/faults/end")
def end_faults(request: Request, _operator: SignedInAdmin, _form: SealedForm) -> Response:
    _control(request).clear()
    return see_other("/faults")


@router.get("/audit")
def audit(
    context: Context,
    operator: SignedInAdmin,
    before: Annotated[int, Query(ge=0, le=MOST_ID)] = 0,
    q: Annotated[str, Query(max_length=128)] = "",
) -> Response:
    entries = context.audit_log.page(before or None, _PER_PAGE, about=clean(q))
    older = behind(entries, _PER_PAGE, lambda entry: entry.id)
    drawn = plots.by_day("Entries", context.insight.by_day("audit"), context.clock.now())
    return page("audit.html", operator, entries=entries, older=older, q=q, plots=drawn)


def _faults_page(
    request: Request, context: Context, operator: SignedInAdmin, *, text: str | None = None, message: str = ""
) -> Response:
    states = context.steering.states()
    in_force = _control(request).document
    return page(
        "faults.html",
        operator,
        status=422 if message else 200,
        states=states,
        plots=plots.pathway_plots(context.insight.pathways_over_time(), context.clock.now()),
        faults={name: words for name, (words, _) in fault_switches.FAULTS.items()},
        positions=fault_switches.positions(in_force, [state.pathway for state in states]),
        by_hand=fault_switches.is_written_by_hand(in_force),
        text=in_force if text is None else text,
        message=message,
    )


def _control(request: Request) -> FaultControl:
    control: FaultControl | None = request.app.state.faults
    if control is None:
        raise PageRefusedError(404, "This process has no faults of its own.")
    return control
