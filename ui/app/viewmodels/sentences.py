"""Errors in the viewer's language.

The sentences that errors carry are English and name hosts and files. In another language the viewer reads what an
error means in general: the sentence of the service's reason where there is one, else that of its code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from player.reporting.state import PlaybackFailure
from ui.app.viewmodels import text

Translate = Callable[[str], str]


def sentence_of(failure: PlaybackFailure) -> str:
    """What the viewer reads: in English the error's own words."""
    plain, theirs = all_sentences(str), all_sentences(text.tr)
    key = failure.reason if failure.reason in plain else failure.code
    translated = theirs.get(key, "")
    return failure.sentence if translated == plain.get(key, "") else translated


def service_sentence(failure: PlaybackFailure) -> str:
    """What went wrong with the service, on a page or in the player: no viewer reads a host and its port there."""
    known = all_sentences(text.tr)
    if failure.reason not in known and failure.code.startswith(("net.", "http.", "clock.")):
        return known.get(failure.code) or sentence_of(failure)
    return sentence_of(failure)


def unsupported_words(sentence: str) -> str:
    """Why a line of a menu is greyed out: in English the player's own sentence."""
    plain, theirs = _unsupported(str), _unsupported(text.tr)
    if theirs == plain:
        return sentence
    return dict(zip(plain, theirs, strict=True)).get(sentence, theirs[0])


def notice_words(sentence: str) -> str:
    """What is the matter while the picture moves: in English the player's own sentence."""
    plain, theirs = _notices(str), _notices(text.tr)
    if not sentence or theirs == plain:
        return sentence
    known = dict(zip(plain, theirs, strict=True))
    file, colon, what = sentence.rpartition(": ")
    return f"{file}: {known[what]}" if colon and what in known else known.get(sentence, theirs[0])


def _notices(tr: Translate) -> tuple[str, ...]:
    """In general, then what the player says word by word."""
    return (
        tr("Something is missing; playback goes on as well as it can."),
        tr("There is no network; playback goes on by itself when it is back."),
        tr("This file has no readable subtitles."),
        tr("This subtitle file is too large to be one."),
    )


def _unsupported(tr: Translate) -> tuple[str, ...]:
    """In general, then what the player says word by word."""
    return (
        tr("This cannot be played here."),
        tr("The sound of this title cannot be changed while it plays."),
        tr("These subtitles are pictures, which cannot be shown."),
        tr("This subtitle format cannot be shown."),
        tr("Only the first channel of captions can be shown."),
    )


def all_sentences(tr: Translate) -> Mapping[str, str]:
    """By code, and by reason of the service; ``tr`` gives each in its language."""
    return {**_network(tr), **_source(tr), **_service(tr), **_machine(tr), **_rights(tr), **_reasons(tr)}


def _network(tr: Translate) -> dict[str, str]:
    return {
        "net.dns": tr("The address of the server cannot be found."),
        "net.refused": tr("The server cannot be reached at the moment."),
        "net.tls": tr("The connection to the server cannot be made secure."),
        "net.timeout": tr("The server does not answer."),
        "net.stalled": tr("The server has stopped sending."),
        "net.trickle": tr("The server sends next to nothing."),
        "net.cut": tr("The connection has broken."),
        "net.unreachable": tr("The server cannot be reached."),
        "net.protocol": tr("The server's answer cannot be understood."),
        "net.too_large": tr("The server's answer is too large to be safe."),
        "net.too_many_redirects": tr("The server's redirects lead in a circle."),
        "net.forbidden_url": tr("The source leads to an address that is not loaded."),
        "net.length": tr("The server's answer is not as long as it should be."),
        "net.slow": tr("The server is too slow."),
        "http.status": tr("The server's answer cannot be used."),
        "http.not_found": tr("The file is not there."),
        "http.gone": tr("The file has been removed."),
        "http.range": tr("The server cannot give this part of the file."),
        "http.forbidden": tr("The server denies access."),
        "http.unauthorised": tr("The server wants a sign-in."),
        "http.rate_limited": tr("The service asks us to come back later."),
        "http.server": tr("The service has a fault of its own."),
        "clock.skew": tr("The clock of this machine is wrong."),
    }


def _source(tr: Translate) -> dict[str, str]:
    return {
        "manifest.not_recognised": tr("There is nothing at this address that can be played."),
        "manifest.empty": tr("There is nothing at this address."),
        "manifest.html": tr("This is the address of a web page, not of a stream."),
        "manifest.syntax": tr("The description of the stream is damaged."),
        "manifest.unsupported": tr("The stream needs something that Matinee does not have."),
        "manifest.limit": tr("The description of the stream is too large to be safe."),
        "manifest.forbidden_url": tr("The stream leads to a place that it must not lead to."),
        "media.damaged": tr("The video is damaged."),
        "media.misplaced": tr("The video is damaged."),
        "media.unsupported": tr("The video has a format that cannot be played."),
        "media.decoder": tr("This title cannot be decoded on this machine."),
        "media.incomplete": tr("The film stops here: a part of its file is missing."),
        "media.no_tracks": tr("There is nothing in this title that can be played."),
        "input.usage": tr("This cannot be played so."),
        "input.file": tr("The file cannot be read."),
        "internal": tr("Something went wrong inside Matinee."),
    }


def _service(tr: Translate) -> dict[str, str]:
    return {
        "service.sign_in": tr("Please sign in first."),
        "service.expired": tr("Your sign-in has expired; please sign in again."),
        "service.not_found": tr("This title is not available."),
        "service.not_entitled": tr("Your account does not include this."),
        "service.reply": tr("The service gives an answer that this version does not understand."),
        "component.libmpv": tr("libmpv, which plays the video, is missing or too old."),
        "component.qt": tr("A part of Qt is missing."),
        "component.backend": tr("The bundled service is not installed."),
        "component.display": tr("There is no display."),
    }


def _machine(tr: Translate) -> dict[str, str]:
    return {
        "disk.full": tr("The disk is full."),
        "disk.limit": tr("The downloads have reached the limit that was set for them."),
        "download.not_found": tr("There is no such download."),
        "download.busy": tr("Another program is working on this download."),
        "download.damaged": tr("A part of this download is damaged."),
        "download.newer": tr("The downloads were written by a newer version of Matinee."),
        "download.store_gone": tr("The disk with the downloads is not there."),
        "download.incomplete": tr("This part of the title has not been downloaded yet."),
        "download.impossible": tr("This title cannot be downloaded."),
        "drm.store_damaged": tr("Something that is kept on this machine was changed or removed."),
        "drm.store_newer": tr("What is kept here was written by a newer version of Matinee."),
        "drm.store_unusable": tr("What is kept here cannot be used now: the disk may be full."),
        "drm.device_identity": tr("The identity of this device cannot be read."),
        "drm.key_store": tr("The key store of this machine is locked or broken."),
    }


def _rights(tr: Translate) -> dict[str, str]:
    return {
        "drm.no_key": tr("There is no key for a part of this title."),
        "drm.key_system_unsupported": tr("This title is protected in a way that cannot be opened here."),
        "drm.licence_refused": tr("The service gives no licence for this title."),
        "drm.licence_malformed": tr("The licence cannot be read."),
        "drm.licence_expired": tr("The licence for this title has run out."),
        "drm.licence_unreachable": tr("The licence is not available at the moment."),
        "drm.licence_untrusted": tr("The licence is not one for this device and title."),
        "drm.licence_revoked": tr("The service has withdrawn the licence or the device."),
        "drm.no_licence": tr("There is no licence on this machine that permits playing now."),
        "drm.pssh_malformed": tr("The description of the protection is damaged."),
        "drm.decrypt_failed": tr("The video cannot be decrypted."),
        "drm.scheme_unsupported": tr("The video is encrypted in a way that is not supported."),
    }


def _reasons(tr: Translate) -> dict[str, str]:
    return {
        "wrong_credentials": tr("The e-mail address or the password is wrong."),
        "account_closed": tr("This account is closed."),
        "session_expired": tr("The permission to play this title has expired."),
        "session_not_found": tr("The permission to play this title has expired."),
        "title_not_found": tr("This title is not available."),
        "variant_not_found": tr("This title is not available in the form asked for."),
        "device_unknown": tr("This device is not registered with your account."),
        "recording_forbidden": tr("This programme may not be recorded."),
        "recording_limit": tr("The recordings take all the space that your account has."),
        "device_not_found": tr("Your account has no such device."),
        "device_revoked": tr("This device was removed from your account."),
        "device_mismatch": tr("The permission to play belongs to another device."),
        "plan_missing": tr("Your plan does not include this title."),
        "stream_limit": tr("Your plan allows no more screens at the same time."),
        "device_limit": tr("Your plan allows no more devices; remove one first."),
        "download_not_allowed": tr("Your plan does not include downloads of this title."),
        "download_title_limit": tr("This device has all the downloads that your plan allows; remove one first."),
        "download_device_limit": tr(
            "Your plan allows downloads on no more devices; first give back those of another one."
        ),
        "title_revoked": tr("This title was withdrawn."),
        "rental_over": tr("This title was watched, here or on another device; its time to watch is over."),
        "not_in_region": tr("This title is not available in your country."),
        "not_yet_available": tr("This title is not available yet."),
        "no_longer_available": tr("This title is no longer available."),
        "profile_not_allowed": tr("This profile cannot change the account."),
        "maturity": tr("This title is not for this profile."),
        "wrong_pin": tr("The PIN is wrong."),
        "access_denied": tr("The sign-in was refused on the other device."),
        "weak_password": tr("This password is easily guessed; please choose a longer one."),
        "email_taken": tr("There is an account with this email address already."),
        "code_not_found": tr("This code is wrong or too old."),
        "expired_token": tr("The code has expired."),
        "too_many_attempts": tr("Too many attempts; please try again later."),
    }
