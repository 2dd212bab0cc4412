"""``matinee plan``: what the account has, what is for sale, and subscribing to it."""

from __future__ import annotations

import argparse
import asyncio
import json
import uuid
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ui.cli.account_session import add_account_arguments, service_of

if TYPE_CHECKING:
    from player.service.billing import Payment, Plan, Subscription


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """See ``matinee plan --help``."""
    change = parser.add_mutually_exclusive_group()
    change.add_argument("plan", nargs="?", metavar="PLAN", help="subscribe to this plan, or change to it")
    change.add_argument("--cancel", action="store_true", help="let the plan end with what is paid")
    parser.add_argument("--card", metavar="NUMBER", help="the test card that pays (default: the one used before)")
    parser.add_argument("--json", action="store_true", help="as JSON, with the plans for sale and the payments")
    add_account_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Order or cancel where that is asked for, and tell what the account has then."""
    subscription, plans, payments = asyncio.run(_standing(args))
    if args.json:
        document = {
            "subscription": asdict(subscription),
            "plans": [asdict(plan) for plan in plans],
            "payments": [asdict(payment) for payment in payments],
        }
        print(json.dumps(document, indent=2))
    else:
        print("\n".join([_as_text(subscription), *(_for_sale(plan) for plan in plans)]))
    return 0


async def _standing(args: argparse.Namespace) -> tuple[Subscription, tuple[Plan, ...], tuple[Payment, ...]]:
    async with service_of(args) as (service, _):
        if args.plan is not None:
            await service.subscribe(uuid.uuid4().hex, args.plan, args.card)
        elif args.cancel:
            await service.cancel_subscription()
        return await service.subscription(), await service.plans(), await service.payments()


def _as_text(subscription: Subscription) -> str:
    until = "" if subscription.ends_at is None else f" until {_day(subscription.ends_at)}"
    told = {
        "free": "no plan: free titles only",
        "given": f"{subscription.plan}, given by the operator{until}",
        "cancelled": f"{subscription.plan}{until}, cancelled",
        "past_due": f"{subscription.plan}{until}, if the next payment is not made",
    }
    line = told.get(subscription.state, subscription.plan)
    if subscription.renews_at is not None:
        following = subscription.next_plan or subscription.plan
        price = _money(subscription.price_cents or 0, subscription.currency)
        line += f", renews as {following} on {_day(subscription.renews_at)} for {price}"
    return line


def _for_sale(plan: Plan) -> str:
    quality = "any quality" if plan.max_height is None else f"up to {plan.max_height} lines"
    screens = "any screens" if plan.streams is None else f"{plan.streams} at once"
    days = plan.period_s / 86400
    return f"  {plan.name:10} {_money(plan.price_cents, plan.currency)} for {days:g} days, {quality}, {screens}"


def _money(cents: int, currency: str) -> str:
    return f"{cents / 100:.2f} {currency}"


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"
