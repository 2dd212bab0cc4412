"""Whether an account may play a title: the one place where plans, regions and windows will be judged."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend_stub.db.models import Title
from backend_stub.problems import ProblemError


def playable_title(session: Session, title_id: str, variant: str | None = None) -> Title:
    """The published title, in this variant where one is named; the account is known to be active already.

    Raises :class:`ProblemError` 404 ``title_not_found`` or ``variant_not_found``.
    """
    title = session.get(Title, title_id)
    if title is None or title.published_at is None:
        raise ProblemError(404, "title_not_found", "There is no such title.")
    if variant is not None and variant not in title.variants:
        raise ProblemError(404, "variant_not_found", f"This title has no {variant} variant.")
    return title
