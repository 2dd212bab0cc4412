"""Which elements and attributes of an MPD we read; all others are named in ``Presentation.unused``.

The table is the DASH schema's vocabulary as far as something is done with it. A test walks the schema's own list of
names and shows that each is either here or reported.
"""

from __future__ import annotations

from player.manifest.dash import descriptors
from player.manifest.dash.adaptation import ROLE_SCHEME
from player.manifest.dash.imports import CHAINING, FALLBACK
from player.manifest.dash.live import LOW_LATENCY_SCOPE
from player.manifest.dash.preselections import SCHEME as PRESELECTION
from player.manifest.dash.query import SCHEMES
from player.manifest.dash.schemes import folded
from player.manifest.dash.xml import Element, attributes, line_of, local
from player.manifest.parser_notes import Notes
from player.manifest.timing import CLOCKS

_COMMON = (
    "profiles width height sar frameRate audioSamplingRate mimeType codecs supplementalCodecs contentType lang "
    "maxPlayoutRate codingDependency scanType startWithSAP selectionPriority"
)
_SEGMENT_BASE = (
    "timescale presentationTimeOffset indexRange availabilityTimeOffset timeShiftBufferDepth eptDelta "
    "initialization duration startNumber endNumber"
)

READ: dict[str, frozenset[str]] = {
    name: frozenset(text.split())
    for name, text in {
        "MPD": "id profiles type availabilityStartTime availabilityEndTime publishTime mediaPresentationDuration "
        "minimumUpdatePeriod minBufferTime timeShiftBufferDepth suggestedPresentationDelay maxSegmentDuration "
        "schemaLocation",
        "ProgramInformation": "lang moreInformationURL",
        "Title": "",
        "Source": "",
        "Copyright": "",
        "BaseURL": "serviceLocation priority weight availabilityTimeOffset",
        "Location": "",
        "PatchLocation": "ttl",
        "ServiceDescription": "id",
        "Scope": "schemeIdUri value id",
        "Latency": "target min max referenceId",
        "PlaybackRate": "min max",
        "OperatingBandwidth": "mediaType min max target",
        "OperatingQuality": "mediaType min max target",
        "ClientDataReporting": "serviceLocations adaptationSets",
        "CMCDParameters": "schemeIdUri value id version mode includeInRequests keys contentID sessionID",
        "ContentSteering": "defaultServiceLocation queryBeforeStart",
        "UTCTiming": "schemeIdUri value id",
        "Period": "id start duration href actuate",
        "AssetIdentifier": "schemeIdUri value id",
        "InitializationSet": f"id inAllPeriods {_COMMON} par maxWidth maxHeight maxFrameRate initialization href "
        "actuate type",
        "InitializationGroup": "id inAllPeriods contentType href actuate type",
        "InitializationPresentation": "id inAllPeriods href actuate type",
        "Subset": "id contains",
        "EventStream": "schemeIdUri value timescale presentationTimeOffset",
        "Event": "id presentationTime duration messageData contentEncoding",
        "AdaptationSet": f"id group label {_COMMON} qualityRanking par minBandwidth maxBandwidth minWidth maxWidth "
        "minHeight maxHeight minFrameRate maxFrameRate segmentAlignment subsegmentAlignment bitstreamSwitching "
        "initializationSetRef href actuate",
        "Representation": f"id bandwidth {_COMMON} qualityRanking",
        "SubRepresentation": f"level dependencyLevel bandwidth contentComponent {_COMMON}",
        "Switching": "interval type",
        "RandomAccess": "interval type",
        "ProducerReferenceTime": "id wallClockTime presentationTime",
        "Resync": "dT",
        "ContentComponent": "id lang contentType",
        "Role": "schemeIdUri value id",
        "Accessibility": "schemeIdUri value id",
        "Viewpoint": "schemeIdUri value id",
        "Rating": "schemeIdUri value id",
        "FramePacking": "schemeIdUri value id",
        "AudioChannelConfiguration": "schemeIdUri value id",
        "EssentialProperty": "schemeIdUri value id",
        "SupplementalProperty": "schemeIdUri value id",
        "InbandEventStream": "schemeIdUri value id",
        "Label": "id lang",
        "GroupLabel": "id lang",
        "UrlQueryInfo": "queryTemplate useMPDUrlQuery queryString href actuate type show",
        "ExtUrlQueryInfo": "queryTemplate useMPDUrlQuery queryString includeInRequests sameOriginOnly href actuate "
        "type show",
        "RequestParam": "queryTemplate useMPDUrlQuery queryString includeInRequests sameOriginOnly",
        "Preselection": "id preselectionComponents lang tag",
        "ContentProtection": "schemeIdUri value id default_KID ref refId robustness",
        "SegmentBase": _SEGMENT_BASE,
        "SegmentList": _SEGMENT_BASE,
        "SegmentTemplate": f"{_SEGMENT_BASE} media index k",
        "Initialization": "sourceURL range",
        "RepresentationIndex": "sourceURL range",
        "SegmentURL": "media mediaRange",
        "FailoverContent": "valid",
        "FCS": "t d",
        "SegmentTimeline": "",
        "S": "t d r n k p pE",
        "Pattern": "id",
        "P": "d r",
        "ImportedMPD": "earliestResolutionTimeOffset uri",
    }.items()
}
# Read elsewhere as a whole: their contents are reported there.
_WHOLE = frozenset({"ContentProtection", "Event", "SegmentTimeline", "ProgramInformation"})
# Schemes that other players know in these letters only.
_SCHEMES = frozenset(
    {
        *descriptors.THUMBNAILS,
        *descriptors.CONTINUITY,
        *descriptors.SWITCHING,
        PRESELECTION,
        descriptors.TRICK_MODE,
        ROLE_SCHEME,
        LOW_LATENCY_SCOPE,
        *CHAINING,
        *FALLBACK,
        *SCHEMES,
        *CLOCKS,
    }
)


def note_schemes(root: Element, notes: Notes) -> None:
    """Report each scheme of the MPD itself in odd letters, once, before what it says is done and taken out."""
    seen: set[tuple[str, str]] = set()
    for item in root:
        _note_scheme(item, seen, notes)


def note_unused(root: Element, notes: Notes) -> None:
    """Name each kind of element and attribute that nothing was done with, once, and each scheme in odd letters below
    the MPD's own."""
    seen: set[tuple[str, str]] = set()
    stack = [root]
    while stack:
        element = stack.pop()
        name = local(element)
        known = READ.get(name)
        if known is None:
            notes.unused(name)
            continue
        for key, _ in attributes(element):
            if key == "schemeIdUri" and element.getparent() is not root:
                _note_scheme(element, seen, notes)
            if key not in known and (name, key) not in seen:
                seen.add((name, key))
                notes.unused(f"{name}@{key}")
        if name not in _WHOLE:
            stack.extend(reversed(list(element)))
        elif name == "SegmentTimeline":
            _note_timeline(element, notes)


def _note_scheme(element: Element, seen: set[tuple[str, str]], notes: Notes) -> None:
    scheme = (element.get("schemeIdUri") or "").strip()
    if scheme in _SCHEMES or folded(scheme) not in _SCHEMES or (local(element), scheme) in seen:
        return
    seen.add((local(element), scheme))
    sentence = f"The scheme “{scheme[:80]}” is in other letters than its own; other players may not know it."
    notes.warn("dash.scheme_case", sentence, line=line_of(element))


def _note_timeline(element: Element, notes: Notes) -> None:
    """A timeline is long and holds S elements; whatever else is in it comes first or last."""
    for item in (element[0], element[-1]) if len(element) else ():
        if local(item) not in READ:
            notes.unused(local(item))
