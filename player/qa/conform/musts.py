"""What the standards demand of servers, in our own words, and which rule judges each. Pure.

RFC 8216bis 3 to 5 and 6.2 are counted by draft 22, word by word. Apple's authoring specification is that of 2025,
with the general requirements only.
"""

from __future__ import annotations

from player.qa.conform.demand import CLIENT, DEMANDED, MEANING, UNREAD, Must, bis
from player.qa.conform.model import AUTHORING
from player.qa.conform.musts_media import KEYS, MEDIA
from player.qa.conform.musts_playlists import PLAYLISTS

_OFFERED = "It is free to be left out; nobody sees what could have been offered."


def _apple(clause: str, text: str, *rules: str, why: str = "") -> Must:
    return Must(AUTHORING, clause, text, rules, why)


_GENERAL = (
    bis("6.2.1", "A segment, rounded, is no longer than the target duration.", "hls.extinf", "segment.target"),
    bis("6.2.1", "Every segment has an address.", "segment.unavailable"),
    bis("6.2.1", "Segments of absent media are marked as gaps.", "segment.unavailable"),
    bis("6.2.1", "Parts of absent media are marked as gaps.", "delivery.part"),
    bis("6.2.1", "Another encoding, or another timing, begins at a discontinuity.", "segment.changed", "segment.gap"),
    bis("6.2.1", "A listed segment is available at once.", "segment.unavailable"),
    bis("6.2.1", "A listed part is available at once.", "delivery.part"),
    bis("6.2.1", "Segments are listed in the order of playback.", "segment.gap"),
    bis("6.2.1", "No client sees half of a change.", "manifest", "hls.segment_changed"),
    bis("6.2.1", "A playlist changes in the allowed ways only.", "hls.segment_changed", "hls.removed_not_first"),
    bis("6.2.1", "A playlist of type VOD does not change.", "hls.changed_after_end"),
    bis("6.2.1", "A playlist of type EVENT loses nothing.", "hls.event_shrank", "hls.segment_changed"),
    bis("6.2.1", "The target duration does not change.", "hls.target_duration_changed"),
    bis("6.2.1", "A date means one segment.", "hls.program_date_time_overlap"),
    bis("6.2.1", "Dates that overlap do so in part.", "hls.program_date_time_overlap"),
    bis("6.2.1", "Of two segments with one date the later one counts.", why=CLIENT),
    bis("6.2.1", "A date range stays while its segments are listed.", "hls.daterange_removed"),
    bis("6.2.1", "An ID is not used for a second date range.", "hls.daterange_reused"),
    bis("6.2.1", "Nothing comes between a date range and the next one that ended it.", "hls.daterange_between"),
    bis("6.2.1", "A playlist with the last segment has EXT-X-ENDLIST.", "hls.endlist", "stale"),
    bis("6.2.1", "A live playlist gets new segments.", "stale"),
    bis("6.2.1", "It gets them within 1.5 target durations.", "stale"),
    bis("6.2.1", "It gets a new part within a part target.", "parts_late"),
    bis("6.2.1", "Segments of a removed presentation stay for its duration.", why="When it was removed is not seen."),
)
_LIVE = (
    bis("6.2.2", "A playlist that drops segments has EXT-X-MEDIA-SEQUENCE.", "hls.sequence_missing"),
    bis("6.2.2", "It counts each of them.", "hls.sequence_not_counted"),
    bis("6.2.2", "It never counts down.", "hls.sequence_went_back"),
    bis("6.2.2", "A part stays for three target durations after its tag.", "delivery.removed_part"),
    bis("6.2.2", "Segments and parts are removed in their order.", "hls.removed_not_first", "hls.part_removed"),
    bis("6.2.2", "Three target durations stay listed.", "hls.short_window"),
    bis("6.2.2", "A segment of an ended playlist stays for its availability duration after its removal.",
         why="Not judged: playlists that have ended are not followed; hls.changed_after_end finds the removal."),
    bis("6.2.2", "A segment of a live playlist stays for its availability duration.", "delivery.removed"),
    bis("6.2.2", "A playlist with discontinuities that drops segments counts them.",
         "hls.discontinuity_sequence_missing"),
    bis("6.2.2", "A removed discontinuity is counted.", "hls.discontinuity_sequence"),
    bis("6.2.2", "The discontinuity sequence never counts down.", "hls.discontinuity_sequence"),
    bis("6.2.2", "A playlist that drops segments has no type.", "hls.typed_window"),
)  # fmt: skip
_ENCRYPTED = (
    bis("6.2.3", "An encrypted segment has a key with an address.", "hls.key_uri", "segment.undecodable"),
    bis("6.2.3", "A clear segment has METHOD=NONE or comes before all keys.", "segment.undecodable"),
    bis("6.2.3", "I-frames of AES-128 are encrypted as whole resources.",
         why="Not judged: playlists of I-frames are not decrypted."),
    bis("6.2.3", "The IV is the sequence number or the attribute.", "segment.undecodable"),
    bis("6.2.3", "The key of a listed segment stays.", "hls.key_removed"),
)  # fmt: skip
_VARIANTS = (
    bis("6.2.4", "CODECS names every format.", "declared.codec"),
    bis("6.2.4", "Variants keep what follows.", why=DEMANDED),
    bis("6.2.4", "They show the same.", why="matinee qa picture compares what two of them show."),
    bis("6.2.4", "They have the same timestamps.", "ladder.alignment", "ladder.av_offset"),
    bis("6.2.4", "They have the same discontinuity sequence numbers.", "hls.same_discontinuities"),
    bis("6.2.4", "They have one target duration.", "hls.same_target"),
    bis(
        "6.2.4",
        "What only some have is at their start or end.",
        "ladder.alignment",
        "hls.same_length",
        "ladder.length",
    ),
    bis("6.2.4", "It is no longer than the target duration.", "hls.same_length"),
    bis("6.2.4", "They have one type.", "hls.same_type"),
    bis("6.2.4", "Those of type VOD start at one time.", "ladder.alignment", "ladder.av_offset"),
    bis("6.2.4", "All of them have dates, or none, and the same ones.", "hls.all_dated", "hls.same_dates"),
    bis("6.2.4", "Each combination has a playlist with the date ranges.", "hls.same_dateranges"),
    bis("6.2.4", "Playlists with date ranges have the same ones.", "hls.same_dateranges"),
    bis("6.2.4", "A date range has the same attributes everywhere.", "hls.same_dateranges"),
    bis("6.2.4", "They have one EXT-X-SERVER-CONTROL.", "hls.same_server_control"),
)
_DIRECTIVES = (
    bis("6.2.5.1", "A delta update is sent where it is offered and asked for.", "delivery.delta"),
    bis("6.2.5.1", "One of the second version has no old date ranges.",
         why="Not judged: when a date range was added is not known to who has just come."),
    bis("6.2.5.1", "It names the date ranges that were removed lately.",
         why="Not judged: what was removed before is not known to who has just come."),
    bis("6.2.5.1", "It has all that it does not skip.", "delivery.delta_keeps"),
    bis("6.2.5.1", "None is sent where it is not offered, or after the end.", "delivery.delta_unasked"),
    bis("6.2.5.2", "A request for a segment to come waits for it.", "blocking"),
    bis("6.2.5.2", "A request for a part to come waits for it.", "blocking"),
    bis("6.2.5.2", "A part behind the last one of a segment is the first of the next.", "delivery.next_parent"),
    bis("6.2.5.2", "A request for an old segment brings the whole playlist.", "delivery.whole"),
    bis("6.2.5.2", "After the end no request waits.", "delivery.ended"),
    bis("6.2.5.2", "A part without its segment is a bad request.", "delivery.part_alone"),
    bis("6.2.6", "What is hinted can be requested.", "delivery.hint"),
    bis("6.2.6", "A part is sent at the full speed of the link.", why="A slow link and a slow encoder look alike."),
    bis("6.2.6", "So is each of several parts in turn.", why="A slow link and a slow encoder look alike."),
)  # fmt: skip

_PICTURE = (
    _apple("1.1", "Video is H.264, HEVC, Dolby Vision or AV1.", "authoring.formats"),
    _apple("1.2", "H.264 is in fMP4 or transport streams.", "segment.unreadable"),
    _apple("1.3", "H.264 is at most High Profile, Level 5.2.", "authoring.levels"),
    _apple("1.5", "HEVC is in fMP4.", why=UNREAD),
    _apple("1.6", "HEVC is at most Main 10 Profile, Level 5.1.", "authoring.levels"),
    _apple("1.7", "HDR in HEVC is HDR10, HLG or Dolby Vision.", "hls.enumerated"),
    _apple("1.9", "Dolby Vision is Profile 5, at most Level 7.", why=UNREAD),
    _apple("1.14", "Video is not interlaced.", why=UNREAD),
    _apple("1.19", "No video has more than 60 frames a second.", "authoring.frame_rate", "declared.frame_rate"),
    _apple("1.24", "There is SDR video.", "authoring.sdr"),
    _apple("1.26", "AVERAGE-BANDWIDTH of VOD is right within 10 %.", "bandwidth.low"),
    _apple("1.27", "BANDWIDTH of VOD is right within 10 %.", "bandwidth.peak"),
    _apple("1.28", "Live takes less than 110 % of AVERAGE-BANDWIDTH.", why="Not judged: it takes an hour to see."),
    _apple("1.29", "Live takes less than 125 % of BANDWIDTH.", "bandwidth.peak"),
    _apple("1.36", "MV-HEVC is for stereo video.", why=MEANING),
    _apple("1.37", "AV1 is at most Level 6.2.", "authoring.levels"),
)
_SOUND = (
    _apple("2.3", "There is stereo audio in AAC.", "authoring.stereo"),
    _apple("2.6", "Who offers Dolby Digital Plus offers Dolby Digital.", why="It depends on who watches."),
    _apple("2.11", "Channels change at discontinuities.", why=UNREAD),
    _apple("2.12", "Audio that describes the video is marked.", why=MEANING),
    _apple("2.13", "It is selected automatically.", "authoring.described"),
    _apple("2.15", "Other audio is as long as the programme.", "hls.same_length"),
    _apple("2.17", "A segment has one audio stream.", why=UNREAD),
    _apple("2.21", "What is said of the loudness of AAC is complete.", why=UNREAD),
    _apple("2.22", "xHE-AAC has what is said of loudness.", why=UNREAD),
    _apple("2.23", "What is said of loudness is true.", why="matinee qa picture measures loudness."),
    _apple("2.24", "HE-AAC in fMP4 says so.", why=UNREAD),
    _apple("2.25", "xHE-AAC, Apple Lossless and FLAC are in fMP4.", why=UNREAD),
    _apple("2.27", "Audio that describes the video has a LANGUAGE.", "authoring.language"),
)
_CAPTIONS = (
    _apple("4.3", "Closed captions are in the segments of the video.", "hls.captions_uri"),
    _apple("4.4", "They are declared with a LANGUAGE.", "authoring.language"),
    _apple("4.5", "Subtitles for people who cannot hear are marked.", why=MEANING),
    _apple("4.6", "They are selected automatically.", "authoring.transcribed"),
    _apple("4.7", "Subtitles have a LANGUAGE.", "authoring.language"),
    _apple("5.2", "Subtitles are WebVTT, or IMSC1 in fMP4.", why=UNREAD),
    _apple("5.3", "WebVTT is in text files with X-TIMESTAMP-MAP.", why=UNREAD),
    _apple("5.4", "IMSC1 is in fMP4.", why=UNREAD),
    _apple("5.5", "Subtitles are as long as the programme.", why="Not judged: one file may hold all of them."),
    _apple("5.6", "Live subtitles have the target duration of the video.", "hls.same_target"),
    _apple("5.8", "Regular subtitles hold the forced ones.", why=MEANING),
)
_TRICKS = (
    _apple("6.1", "There are playlists of I-frames.", "authoring.trick_play"),
    _apple("6.8", "They say EXT-X-I-FRAMES-ONLY.", "hls.iframes_only"),
    _apple("6.9", "Their peak rate is that of RFC 8216bis.", why=UNREAD),
    _apple("6.10", "An I-frame in fMP4 has its moof.", why=UNREAD),
    _apple("6.11", "Live ones have the target duration of the video.", "hls.same_target"),
    _apple("6.16", "There are I-frames in SDR.", why=UNREAD),
)
_SEGMENTS = (
    _apple("7.1", "Media is continuous across segments.", "segment.gap", "segment.hole"),
    _apple("7.2", "Counters and times of transport streams go on.", "segment.gap", "segment.packets"),
    _apple("7.3", "The decode time of a fragment follows the one before.", "segment.gap", "segment.hole"),
    _apple("7.4", "A segment of video starts with an IDR frame.", "segment.keyframe"),
    _apple("7.7", "No segment is half a second longer than the target duration.", "segment.target"),
    _apple("8.1", "Durations are right to a frame.", "segment.duration"),
    _apple("8.2", "Audio and video have one target duration.", "hls.same_target"),
    _apple("8.3", "Audio and video are of one length.", "hls.same_length", "ladder.length"),
    _apple("8.4", "Live playlists have dates.", "authoring.live_dates"),
    _apple("8.6", "What never changes has the type VOD.", why="A live programme that has ended looks the same."),
    _apple("8.7", "Playlists of type VOD cover the same time.", "authoring.vod_length"),
    _apple("8.8", "What only grows has the type EVENT.", why="What will be removed later is not seen."),
    _apple("8.9", "Separate audio has EXT-X-MEDIA.", "hls.group"),
    _apple("8.10", "Renditions but those of video have a LANGUAGE.", "authoring.language"),
    _apple("8.11", "A live playlist has six segments.", "authoring.live_segments"),
    _apple("8.13", "A break of the encoding is a discontinuity.", "segment.changed", "segment.gap"),
    _apple("8.14", "Another frame rate is a discontinuity.", why="Not judged: few frames do not show a rate."),
    _apple("8.15", "Playlists have discontinuities at the same times.", "hls.same_discontinuities"),
    _apple("8.17", "A live playlist with discontinuities counts them.", "authoring.live_discontinuities"),
    _apple("8.18", "Media is not redirected.", why="Not judged: connections here follow redirections."),
    _apple("8.20", "fMP4 has an EXT-X-MAP.", "hls.map"),
)
_LISTS = (
    _apple("9.1", "An EXT-X-STREAM-INF has CODECS.", "authoring.codecs"),
    _apple("9.2", "One with video has a RESOLUTION.", "authoring.resolution"),
    _apple("9.3", "An EXT-X-I-FRAME-STREAM-INF has CODECS.", "authoring.iframe_codecs"),
    _apple("9.4", "It has a RESOLUTION.", "authoring.iframe_resolution"),
    _apple("9.6", "Audio of many channels is separate.", why=UNREAD),
    _apple("9.7", "Other audio is separate.", "hls.media"),
    _apple("9.8", "Audio is separate where there are several angles.", "hls.media"),
    _apple("9.9", "There are several bit rates of video.", "authoring.several"),
    _apple("9.12", "Segments are said to be independent.", "authoring.independent"),
    _apple("9.13", "BANDWIDTH is that of the dearest combination.", "bandwidth.peak"),
    _apple("9.14", "There is an AVERAGE-BANDWIDTH.", "authoring.average"),
    _apple("9.15", "Video has a FRAME-RATE.", "authoring.video_frame_rate"),
    _apple("9.16", "There is a VIDEO-RANGE unless all is SDR.", "authoring.video_range"),
    _apple("9.19", "All variants have a SCORE, or none.", "authoring.score"),
)
_SERVERS = (
    _apple("10.1", "Playlists are compressed.", why="Not judged: it is a matter of speed and not of what is played."),
    _apple("12.1", "TLS is 1.2 or later.", why="Connections here refuse older ones: net.tls."),
    _apple("12.2", "TLS has no broken ciphers.", why="Connections here refuse them: net.tls."),
    _apple("12.3", "Keys of certificates are long enough.", why="Connections here refuse others: net.tls."),
    _apple("13.2", "FairPlay Streaming has METHOD=SAMPLE-AES.", "authoring.fairplay"),
    _apple("13.3", "It has its KEYFORMAT.", "authoring.fairplay"),
    _apple("13.7", "Common Encryption of video has the pattern 1:9.", why=UNREAD),
    _apple("13.9", "It has no content sensitive encryption.", why=UNREAD),
    _apple("13.11", "No METHOD is SAMPLE-AES-CTR.", "authoring.counter_mode"),
    _apple("14.1", "A low-latency server does what RFC 8216bis, appendix B, says.",
           "delivery.delta", "delivery.whole", "blocking", "hls.part_hold_back"),
    _apple("14.2", "The part target is not below the round trip.", why="It depends on who watches."),
    _apple("14.3", "PART-HOLD-BACK is three part targets or more.", "authoring.part_hold_back"),
    _apple("15.1", "Dates agree for all participants.", why=_OFFERED),
    _apple("15.2", "The start agrees for all participants.", why=_OFFERED),
    _apple("16.1", "Variants with stereo video have REQ-VIDEO-LAYOUT.", why=UNREAD),
)  # fmt: skip
MUSTS: tuple[Must, ...] = (
    *MEDIA, *PLAYLISTS, *KEYS, *_GENERAL, *_LIVE, *_ENCRYPTED, *_VARIANTS, *_DIRECTIVES,
    *_PICTURE, *_SOUND, *_CAPTIONS, *_TRICKS, *_SEGMENTS, *_LISTS, *_SERVERS,
)  # fmt: skip
