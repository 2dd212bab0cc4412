"""MPD patches (ISO/IEC 23009-1 5.15 and Annex; RFC 5261): a small document that turns one MPD into the next.

Of XPath the standard allows child steps with positions and attribute tests, which is all that is understood here.
"""

from __future__ import annotations

import copy
import re

from lxml import etree

from player.base.errors import ErrorCode, ManifestError
from player.manifest.dash.xml import Element, attribute, children, line_of, local, text_of
from player.manifest.limits import MAX_ELEMENTS

_STEP = re.compile(r"/([^/\[\]]+)((?:\[[^\]]*\])*)")
_PREDICATE = re.compile(r"\[\s*(?:@([\w:.\-]+)\s*=\s*(?:'([^']*)'|\"([^\"]*)\")|(\d{1,7}))\s*\]")
MAX_OPERATIONS = 100_000


def apply_patch(mpd: Element, patch: Element) -> Element:
    """A copy of ``mpd`` with the patch applied. Raises :class:`ManifestError` when the patch does not fit it."""
    _check_target(mpd, patch)
    result = copy.deepcopy(mpd)
    operations = [item for item in patch if local(item) in ("add", "remove", "replace")]
    if len(operations) > MAX_OPERATIONS:
        raise ManifestError(ErrorCode.MANIFEST_LIMIT, "The MPD patch has too many operations.")
    for operation in operations:
        _apply(result, operation)
    published = patch.get("publishTime")
    if published is not None:
        result.set("publishTime", published)
    if sum(1 for _ in result.iter()) > MAX_ELEMENTS:
        raise ManifestError(ErrorCode.MANIFEST_LIMIT, "The patched MPD has too many elements.")
    return result


def _check_target(mpd: Element, patch: Element) -> None:
    wanted = patch.get("mpdId")
    if wanted is not None and wanted != mpd.get("id"):
        raise _error("The MPD patch belongs to another MPD (@mpdId differs).", patch)
    original = patch.get("originalPublishTime")
    if original is not None and original != mpd.get("publishTime"):
        raise _error("The MPD patch is for another version of the MPD (@originalPublishTime differs).", patch)


def _apply(root: Element, operation: Element) -> None:
    name = local(operation)
    selector = (operation.get("sel") or "").strip()
    path, slash, last = selector.rpartition("/")
    if slash and last.startswith("@"):
        _apply_attribute(_find(root, path, operation), last[1:], name, text_of(operation))
        return
    appends = name == "add" and operation.get("pos") == "after"
    target = _find(root, selector, operation, last=appends)
    if name == "add":
        _add(target, operation, root)
        return
    parent = target.getparent()
    if parent is None:
        raise _error("An MPD patch must not remove or replace the MPD itself.", operation)
    if name == "replace":
        for item in _adopted(operation, root):
            target.addprevious(item)
    parent.remove(target)


def _apply_attribute(target: Element, name: str, operation: str, value: str) -> None:
    key = next((str(key) for key in target.attrib if _same_name(str(key), name)), name.rpartition(":")[2])
    if operation == "remove":
        if key in target.attrib:
            del target.attrib[key]
    else:
        target.set(key, value)


def _same_name(key: str, name: str) -> bool:
    return key.rpartition("}")[2] == name.rpartition(":")[2]


def _add(target: Element, operation: Element, root: Element) -> None:
    kind = operation.get("type")
    if kind is not None and kind.startswith("@"):
        target.set(kind[1:].rpartition(":")[2], text_of(operation))
        return
    position = operation.get("pos")
    items = _adopted(operation, root)
    if position == "before":
        for item in items:
            target.addprevious(item)
    elif position == "after":
        for item in reversed(items):
            target.addnext(item)
    elif position == "prepend":
        for item in reversed(items):
            target.insert(0, item)
    else:
        target.extend(items)


def _adopted(operation: Element, root: Element) -> list[Element]:
    """Copies of what an operation brings. Elements without a prefix have the patch's own namespace; in the MPD they
    belong to the MPD's."""
    parent = operation.getparent()
    foreign = {"", _namespace(operation), "" if parent is None else _namespace(parent)}
    own = _namespace(root)
    return [_renamed(item, foreign, own) for item in operation if isinstance(item.tag, str)]


def _renamed(element: Element, foreign: set[str], own: str) -> Element:
    """A copy that belongs to the namespace ``own`` in place of the ``foreign`` ones. It is built again: a copied
    element whose name is changed keeps the declarations that it had, and is written with them."""
    tag = str(element.tag)
    if _namespace(element) in foreign:
        tag = f"{{{own}}}{local(element)}" if own else local(element)
    result = etree.Element(tag, {str(key): str(value) for key, value in element.items()})
    result.text, result.tail = element.text, element.tail
    result.extend(_renamed(child, foreign, own) for child in element if isinstance(child.tag, str))
    return result


def _namespace(element: Element) -> str:
    tag = str(element.tag)
    return tag[1:].partition("}")[0] if tag.startswith("{") else ""


def _find(root: Element, selector: str, operation: Element, *, last: bool = False) -> Element:
    """The one element that a selector names. RFC 5261 wants it to be the only one; who adds "after S" means the
    ``last``."""
    steps = list(_STEP.finditer(selector))
    if not steps or "".join(step.group(0) for step in steps) != selector:
        raise _error(f"The selector “{selector[:120]}” of an MPD patch is not understood.", operation)
    if steps[0].group(1).rpartition(":")[2] != local(root):
        raise _missing(selector, operation)
    current = [root]
    for step in steps[1:]:
        name = step.group(1).strip().rpartition(":")[2]
        found = [item for element in current for item in (element if name == "*" else children(element, name))]
        for predicate in re.findall(r"\[[^\]]*\]", step.group(2)):
            found = _filtered(found, predicate, selector, operation)
        current = found
        if not current:
            raise _missing(selector, operation)
    return current[-1 if last else 0]


def _filtered(found: list[Element], predicate: str, selector: str, operation: Element) -> list[Element]:
    match = _PREDICATE.fullmatch(predicate)
    if match is None:
        raise _error(f"The selector “{selector[:120]}” of an MPD patch is not understood.", operation)
    name, single, double, position = match.groups()
    if position is not None:
        index = int(position) - 1
        return found[index : index + 1] if index >= 0 else []
    wanted = single if single is not None else double
    return [item for item in found if attribute(item, name.rpartition(":")[2]) == wanted]


def _missing(selector: str, operation: Element) -> ManifestError:
    return _error(f"The MPD patch changes “{selector[:120]}”, which the MPD does not have.", operation)


def _error(sentence: str, element: Element) -> ManifestError:
    return ManifestError(ErrorCode.MANIFEST_SYNTAX, sentence, line=line_of(element))
