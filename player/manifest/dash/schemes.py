"""Scheme URIs as they are compared (ISO/IEC 23009-1 5.8.1).

"urn:" and the namespace behind it count in any letter case (RFC 8141 3.1), the rest as it is written. No two schemes
differ in letter case alone, so all of it is compared without regard to case. A scheme in other letters than its own
is reported, since Shaka Player and dash.js do not know it.
"""

from __future__ import annotations


def folded(text: str | None) -> str:
    """A @schemeIdUri to be compared with a known one, which is in small letters."""
    return (text or "").strip().lower()
