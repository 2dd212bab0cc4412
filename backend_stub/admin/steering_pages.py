"""The page of steering: the edges as they are, their weights, and the rules that send viewers to some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Response
from pydantic import ValidationError

from backend_stub.admin import PREFIX, plots
from backend_stub.admin.access import Operator, SealedForm, SignedInAdmin
from backend_stub.admin.page import PageRoute, page, see_other
from backend_stub.api.admin_schemas import SteeringRules, Weights
from backend_stub.api.deps import Context
from backend_stub.context import ServiceContext
from backend_stub.problems import ProblemError
from backend_stub.services.steering_rules import SteeringRule

router = APIRouter(prefix=f"{PREFIX}/steering", include_in_schema=False, route_class=PageRoute)

_MEMBERS = ("name", "pathways", "countries", "devices", "share")
_EMPTY_ROWS = 2  # of the form, for new rules


@router.get("")
def steering(context: Context, operator: SignedInAdmin) -> Response:
    return _page(context, operator)


@router.post("/weights")
def set_weights(context: Context, operator: SignedInAdmin, form: SealedForm) -> Response:
    """An empty field is no weight; with none at all the edges keep their own order."""
    given = {state.pathway: form.get(f"weight {state.pathway}", "").strip() for state in context.steering.states()}
    try:
        wanted = Weights(weights={pathway: float(text) for pathway, text in given.items() if text})
    except ValueError:
        return _page(context, operator, message="A weight is a number from 0 to 1000.")
    context.steering.set_weights(wanted.weights)
    return see_other("/steering")


@router.post("/rules")
def set_rules(context: Context, operator: SignedInAdmin, form: SealedForm) -> Response:
    """Rows without a name are left out."""
    rows = _rows(form)
    try:
        body = SteeringRules.model_validate({"rules": [_rule(row) for row in rows]})
        rules = [
            SteeringRule(one.name, tuple(one.pathways), frozenset(one.countries), tuple(one.devices), one.share)
            for one in body.rules
        ]
        context.steering.set_rules(rules)
    except ValidationError as error:
        number, member = (*error.errors()[0]["loc"], 0, "")[1:3]
        return _page(context, operator, rows, f"Rule {int(number) + 1}: {member} is not right.")
    except (ProblemError, ValueError) as error:
        sentence = error.title if isinstance(error, ProblemError) else "A share is a number from 0 to 1."
        return _page(context, operator, rows, sentence)
    return see_other("/steering")


def _rows(form: Mapping[str, str]) -> list[dict[str, str]]:
    found = []
    for number in range(len(form)):
        row = {member: form.get(f"rule {number} {member}", "").strip() for member in _MEMBERS}
        if row["name"]:
            found.append(row)
    return found


def _rule(row: Mapping[str, str]) -> dict[str, object]:
    return {
        "name": row["name"],
        "pathways": row["pathways"].split(),
        "countries": row["countries"].upper().split(),
        "devices": [one.strip() for one in row["devices"].split(",") if one.strip()],
        "share": float(row["share"] or 1),
    }


def _shown(rule: SteeringRule) -> dict[str, str]:
    return {
        "name": rule.name,
        "pathways": " ".join(rule.pathways),
        "countries": " ".join(sorted(rule.countries)),
        "devices": ", ".join(rule.devices),
        "share": f"{rule.share:g}",
    }


def _page(
    context: ServiceContext, operator: Operator, rows: Sequence[Mapping[str, str]] | None = None, message: str = ""
) -> Response:
    kept = [_shown(rule) for rule in context.steering.rules()] if rows is None else list(rows)
    return page(
        "steering.html",
        operator,
        status=422 if message else 200,
        states=context.steering.states(),
        plots=plots.pathway_plots(context.insight.pathways_over_time(), context.clock.now()),
        rules=[*kept, *(dict.fromkeys(_MEMBERS, "") for _ in range(_EMPTY_ROWS))],
        message=message,
    )
