"""``docs/conformance.md`` out of the rules of conformance.

Run ``python packaging/conformance_page.py > docs/conformance.md``.
A test says when it is not today's (``tests/packaging/test_installed_files.py``).
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def page() -> str:
    """Return the whole page."""
    sys.path.insert(0, str(ROOT))
    from player.qa.conform import account

    return account.page()


if __name__ == "__main__":
    sys.stdout.write(page())
