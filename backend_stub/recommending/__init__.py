"""Suggestions: who watched what, factorised offline and kept in tables; by genre where that says nothing."""
