"""What RFC 8216bis 3 and 5, draft 22, demand of segments and keys, and which rule judges each. Pure."""

from __future__ import annotations

from player.qa.conform.demand import CLIENT, MEANING, UNREAD, Must, bis

_PARTS = "Not judged: parts are fetched and not decoded."
_CUES = "Not judged: what is to be shown is not known from outside."

MEDIA: tuple[Must, ...] = (
    bis("3", "A segment goes on where the one before it ends.", "segment.gap", "segment.changed"),
    bis("3", "Timestamps and counters go on.", "segment.gap", "segment.packets"),
    bis("3.1", "A segment is of one of the formats that follow.", "segment.unreadable"),
    bis("3.1", "What initializes has no samples.", "media.init_samples"),
    bis("3.1.1", "A transport stream has one programme.", "media.ts_program"),
    bis("3.1.1", "It has PAT and PMT, or an EXT-X-MAP.", "media.ts_tables"),
    bis("3.1.2", "What initializes fMP4 has an ftyp of iso6 or later.", "media.brand"),
    bis("3.1.2", "A moov follows it.", "media.moov"),
    bis("3.1.2", "It has a trak for each traf.", "media.track"),
    bis("3.1.2", "Its sample tables are empty.", "media.sample_table"),
    bis("3.1.2", "mvhd and tkhd have no durations.", "media.durations"),
    bis("3.1.2", "The moov has an mvex.", "media.mvex"),
    bis("3.1.2", "Each traf has a tfdt.", "media.tfdt"),
    bis("3.1.2", "Places count from the moof.", "media.addressing"),
    bis("3.1.2", "No data is elsewhere.", "media.external"),
    bis("3.1.2", "A segment of fMP4 has an EXT-X-MAP.", "hls.map", "media.map"),
    bis("3.1.3", "Packed audio starts with an ID3 PRIV.", "media.audio_timestamp"),
    bis("3.1.3", "Its owner is com.apple.streaming.transportStreamTimestamp.", "media.audio_timestamp"),
    bis("3.1.3", "It has 33 bits in eight octets.", "media.audio_timestamp"),
    bis("3.1.4", "A segment of WebVTT has all cues of its time.", why=_CUES),
    bis("3.1.4", "A cue has its whole time.", why=_CUES),
    bis("3.1.4", "WebVTT starts with its header, or has an EXT-X-MAP.", "media.webvtt_header"),
    bis("3.1.4", "An empty line ends the header.", "media.webvtt_block"),
    bis("3.1.4", "The time of LOCAL is that of MPEGTS.", "media.timestamp_map"),
    bis("3.1.4", "MPEGTS counts 90,000 a second.", why=MEANING),
    bis("3.1.4", "Clients take 0 for 0 where there is no X-TIMESTAMP-MAP.", why=CLIENT),
    bis("3.1.5", "IMSC is of the Text Profile of IMSC1.", why=UNREAD),
    bis("3.1.5", "A segment has all subtitles of its time.", why=_CUES),
    bis("3.1.5", "It has the styles that they use.", why=UNREAD),
    bis("3.2", "A part is of one of the formats.", why=_PARTS),
    bis("3.2", "It has samples of its segment.", why=_PARTS),
    bis("3.2", "All parts have all of them.", why=_PARTS),
)
KEYS: tuple[Must, ...] = (
    bis("5.1", "A key of the format identity is 16 octets, of AES-256-GCM 32 (said without MUST).",
        "media.key"),
    bis("5.2", "One IV encrypts and decrypts.", "segment.undecodable"),
)  # fmt: skip
