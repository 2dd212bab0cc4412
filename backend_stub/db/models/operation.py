"""What the operator has set while the service runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Float, String
from sqlalchemy.orm import Mapped, mapped_column

from backend_stub.db.models.base import Base


class OperatorSetting(Base):
    """One setting, such as the weights of the edges; ``value`` is its JSON."""

    __tablename__ = "operator_settings"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    changed_at: Mapped[float] = mapped_column(Float)
