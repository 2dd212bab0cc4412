"""The tables that AC-3 and E-AC-3 share, in elementary streams and in MP4 (ETSI TS 102 366 4.4.2 and annex F)."""

from __future__ import annotations

SAMPLE_RATES = (48000, 44100, 32000)  # by fscod; halved, by fscod2 of E-AC-3
CHANNELS = (2, 1, 2, 3, 3, 4, 4, 5)  # by acmod, without the low-frequency one
