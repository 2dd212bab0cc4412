"""What the player page says while a playback waits, and when it has failed: what is wrong, what the player does (or
has done) about it, and where the viewer finds help."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from player.reporting.state import PlaybackFailure, PlaybackState, PlaybackStatus
from ui.app.viewmodels.sentences import service_sentence
from ui.app.viewmodels.text import tr


class Help(StrEnum):
    """Where a trouble may be mended, besides trying again."""

    NONE = ""
    SIGN_IN = "signIn"
    PROFILES = "profiles"
    ACCOUNT = "account"
    DOWNLOADS = "downloads"
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class PlaybackTrouble:
    """An error as a page. ``done`` is what the player has tried and what the viewer can do; ``again``: trying again
    may help; ``from_start``: only from the start."""

    icon: str
    heading: str
    done: str
    help: Help = Help.NONE
    again: bool = True
    from_start: bool = False


def trouble_of(failure: PlaybackFailure, *, of_file: bool = False) -> PlaybackTrouble:
    """The page of an error: that of the service's reason, of its code, or of its stage. A file of the viewer's has
    no qualities."""
    pages = {**_network(), **_service(), **_media(), **_rights(), **_machine()}
    stage = failure.code.split(".")[0]
    found = pages.get(failure.reason) or pages.get(failure.code) or pages.get(stage)
    if of_file and found is pages["media"]:
        return replace(found, done=tr("If it plays elsewhere, copy or download the file again."))
    return found or PlaybackTrouble("warning", tr("This cannot be played"), tr("Try again goes on where it stopped."))


def trouble_sentence(failure: PlaybackFailure) -> str:
    """What went wrong; where other screens play, those follow as lines of their own."""
    return tr("Your plan allows no more screens at the same time.") if failure.playing else service_sentence(failure)


def help_words(help_: Help) -> str:
    """The name of its button."""
    return {
        Help.NONE: "",
        Help.SIGN_IN: tr("Sign in"),
        Help.PROFILES: tr("Switch profile"),
        Help.ACCOUNT: tr("Account and plan"),
        Help.DOWNLOADS: tr("Downloads"),
        Help.SETTINGS: tr("Settings"),
    }[help_]


def _network() -> dict[str, PlaybackTrouble]:
    asked = tr("Every server that has this title was tried, several times.")
    later = tr("Try again in a while: it goes on where it stopped.")
    gone = tr("Every server that may have it was tried. Choose another title.")
    connection = tr("Check this device's connection, then try again. Playback continues where it stopped.")
    unsafe = tr("Nothing more was loaded, because it may not come from the service.")
    other = tr("Open an address that begins with https://, or a file by “Open stream”.")
    return {
        "net": PlaybackTrouble("offline", tr("No connection"), f"{asked} {connection}", Help.DOWNLOADS),
        "net.tls": PlaybackTrouble("lock", tr("The connection is not safe"), unsafe),
        "net.forbidden_url": PlaybackTrouble("link", tr("This cannot be opened"), other, again=False),
        "http": PlaybackTrouble("warning", tr("The service does not deliver"), f"{asked} {later}"),
        "http.not_found": PlaybackTrouble("film", tr("This title does not exist"), gone),
        "http.gone": PlaybackTrouble("film", tr("This title no longer exists"), gone, again=False),
        "http.forbidden": PlaybackTrouble(
            "lock", tr("Access was denied"), tr("A new permission was asked for, and denied too.")
        ),
        "clock": PlaybackTrouble(
            "warning",
            tr("The clock is wrong"),
            tr("Set this machine's clock, then try again. It goes on where it stopped."),
        ),
    }


def _service() -> dict[str, PlaybackTrouble]:
    sign_in = tr("Sign in again: playback goes on where it stopped.")
    expired = PlaybackTrouble("person", tr("You are signed out"), sign_in, Help.SIGN_IN, again=False)
    plan = tr("Another plan includes more.")
    stop = tr("Stop one of these, then try again. A larger plan plays on more screens.")
    removed = tr("Sign in again to add it again.")
    return {
        "service": PlaybackTrouble(
            "warning", tr("The service has trouble"), tr("Try again in a while: it goes on where it stopped.")
        ),
        "service.expired": expired,
        "service.sign_in": expired,
        "session_expired": PlaybackTrouble(
            "lock", tr("The permission has expired"), tr("Try again asks for a new one and goes on where it stopped.")
        ),
        "service.not_found": PlaybackTrouble(
            "film",
            tr("This title does not exist"),
            tr("It may have been removed. Choose another title."),
            again=False,
        ),
        "service.not_entitled": PlaybackTrouble("lock", tr("Not in your plan"), plan, Help.ACCOUNT, again=False),
        "stream_limit": PlaybackTrouble("person", tr("Too many screens"), stop, Help.ACCOUNT),
        "maturity": PlaybackTrouble(
            "lock", tr("Not for this profile"), tr("Another profile may watch it."), Help.PROFILES, again=False
        ),
        "device_revoked": PlaybackTrouble("lock", tr("This device was removed"), removed, Help.SIGN_IN, again=False),
        "device_unknown": PlaybackTrouble("lock", tr("This device is not known"), removed, Help.SIGN_IN, again=False),
    }


def _media() -> dict[str, PlaybackTrouble]:
    address = tr("The address does not lead to something that can be played.")
    rest = tr("Trying again here does not help. Copy or download the file again.")
    decoder = tr("The decoder was restarted, which did not help. Decoding in software may: Settings, Playback.")
    return {
        "manifest": PlaybackTrouble("link", tr("This is no stream"), address, again=False),
        "input": PlaybackTrouble("link", tr("This cannot be opened"), address, again=False),
        "input.file": PlaybackTrouble("film", tr("This cannot be played"), tr("Try again goes on where it stopped.")),
        "media": PlaybackTrouble(
            "film",
            tr("This title cannot be played here"),
            tr("No other quality of it can be played either."),
            again=False,
        ),
        "media.damaged": PlaybackTrouble(
            "film",
            tr("The video is damaged"),
            tr("It was fetched again from every server that has it. Try again later."),
        ),
        "media.incomplete": PlaybackTrouble("film", tr("The film ends here"), rest, from_start=True),
        "media.decoder": PlaybackTrouble("film", tr("No video appears"), decoder, Help.SETTINGS),
    }


def _rights() -> dict[str, PlaybackTrouble]:
    renew = tr("Connect to the network and renew it: Downloads, Renew the licence.")
    return {
        "drm": PlaybackTrouble(
            "lock",
            tr("The protection cannot be opened"),
            tr("Try again. If it happens with every title, sign out and in again."),
        ),
        "drm.licence_refused": PlaybackTrouble(
            "lock",
            tr("No licence for this title"),
            tr("The service was asked and said no. Your plan may not include it."),
            Help.ACCOUNT,
        ),
        "drm.licence_expired": PlaybackTrouble("lock", tr("The licence has run out"), renew, Help.DOWNLOADS),
        "drm.no_licence": PlaybackTrouble("lock", tr("No licence to play now"), renew, Help.DOWNLOADS),
        "drm.licence_unreachable": PlaybackTrouble(
            "offline",
            tr("The licence is not available"),
            tr("It was requested several times. Check the connection, then try again."),
        ),
        "drm.licence_revoked": PlaybackTrouble(
            "lock",
            tr("The licence was withdrawn"),
            tr("Only the service can give it back. Choose another title."),
            again=False,
        ),
        "drm.key_system_unsupported": PlaybackTrouble(
            "lock",
            tr("Protected for other devices"),
            tr("No other form of this title can be opened here either."),
            again=False,
        ),
        "drm.scheme_unsupported": PlaybackTrouble(
            "lock",
            tr("Protected for other devices"),
            tr("No other form of this title can be opened here either."),
            again=False,
        ),
    }


def _machine() -> dict[str, PlaybackTrouble]:
    missing = tr("Settings, About says what is missing here, and what helps.")
    room = tr("Make room: remove downloads that you have watched. It goes on where it stopped.")
    repair = tr("Downloads can check it for damage and fetch again what is missing.")
    keys = tr("Settings, About says what is wrong with it, and what helps.")
    return {
        "component": PlaybackTrouble("settings", tr("Something is missing on this machine"), missing, Help.SETTINGS),
        "disk.full": PlaybackTrouble("download", tr("The disk is full"), room, Help.DOWNLOADS),
        "disk.limit": PlaybackTrouble("download", tr("Downloads have reached their limit"), room, Help.DOWNLOADS),
        "download": PlaybackTrouble("download", tr("The download cannot be played"), repair, Help.DOWNLOADS),
        "drm.key_store": PlaybackTrouble("lock", tr("The key store does not open"), keys, Help.SETTINGS),
        "drm.device_identity": PlaybackTrouble("lock", tr("The key store does not open"), keys, Help.SETTINGS),
        "drm.store_damaged": PlaybackTrouble("lock", tr("What is kept here is damaged"), keys, Help.SETTINGS),
        "drm.store_unusable": PlaybackTrouble("download", tr("The disk is full"), room, Help.DOWNLOADS),
        "internal": PlaybackTrouble("warning", tr("This is our fault"), tr("Try again goes on where it stopped.")),
    }


def waiting_words(state: PlaybackState) -> str:
    """What is awaited; empty while nothing is."""
    if state.status is PlaybackStatus.BUFFERING and state.stall == "file" and _is_open_ended(state):
        return tr("Waiting for more of the file")
    if state.status is PlaybackStatus.BUFFERING:
        return {
            "licence": tr("Waiting for the licence"),
            "decoder": tr("The picture has stopped"),
            "source": tr("The source does not deliver"),
            "machine": tr("This machine is busy"),
            "file": tr("The disk or share of the file does not answer"),
        }.get(state.stall, tr("Waiting for the network"))
    loading = (PlaybackStatus.IDLE, PlaybackStatus.LOADING)
    if state.status is PlaybackStatus.LOADING and state.stall == "file":
        return tr("The disk or share of the file does not answer")
    return (
        tr("Loading") if state.status in loading else tr("Seeking") if state.status is PlaybackStatus.SEEKING else ""
    )


def remedy_words(state: PlaybackState) -> str:
    """What is being done about it; empty while nothing needs to be."""
    tried = {
        "retry": tr("It is requested again."),
        "other_path": tr("Another delivery network is asked."),
        "path_switch": tr("Another delivery network is asked."),
        "other_rung": tr("Another quality is fetched instead."),
        "refresh_session": tr("A new permission to play is asked for."),
        "refresh_licence": tr("The licence is requested again."),
        "wait_for_network": tr("There is no network. It goes on by itself when it is back."),
        "skip": tr("A damaged part is passed over."),
    }.get(state.remedy, "")
    if state.status is PlaybackStatus.SEEKING and _is_open_ended(state):
        return tr("The length of this film is not known, so it may take a while.")
    if state.status is PlaybackStatus.LOADING and state.stall == "file":
        return tr("It goes on by itself once it answers. “Back” leads out of it.")
    return tried or (_patience(state) if state.status is PlaybackStatus.BUFFERING else "")


def _is_open_ended(state: PlaybackState) -> bool:
    """Whether a media file plays of which nobody knows how long it is: it may still be written."""
    return state.media is not None and state.duration_s is None


def _patience(state: PlaybackState) -> str:
    """What follows from the cause of a stall alone."""
    if state.stall in ("network", "") and (lower := _lower_rung(state)):
        return tr("The quality goes down to {quality}, so that it goes on sooner.").format(quality=lower)
    if state.stall == "source" and state.live:
        return tr("The programme has not sent more yet. It goes on by itself.")
    return {
        "licence": tr("It has been asked for. Playback goes on by itself."),
        "decoder": tr("The decoder is restarted in this place."),
        "source": tr("It is requested again, and elsewhere."),
        "machine": tr("Something else keeps it busy. A lower quality may help."),
    }.get(state.stall, tr("Playback continues when enough has arrived."))


def _lower_rung(state: PlaybackState) -> str:
    """The quality that is loaded, where it is lower than what was shown."""
    playing, loading = state.rung_playing, state.rung_loading
    if playing is None or loading is None:
        return ""
    bitrates = {rung.index: (rung.bitrate_bps, rung.label) for rung in state.rungs}
    before, after = bitrates.get(playing), bitrates.get(loading)
    return after[1] if before and after and after[0] < before[0] else ""
