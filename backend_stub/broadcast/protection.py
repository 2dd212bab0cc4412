"""How manifests name the content key of an encrypted track. Pure."""

from __future__ import annotations

import base64
import uuid

from backend_stub.boxes import CLEARKEY_SYSTEM, COMMON_SYSTEM, pssh_box


def key_tag(kid: str) -> str:
    """EXT-X-KEY for one key id (hex)."""
    said = f'URI="data:text/plain;base64,{_pssh(kid, COMMON_SYSTEM)}",KEYID=0x{kid}'
    return f'#EXT-X-KEY:METHOD=SAMPLE-AES,{said},KEYFORMATVERSIONS="1",KEYFORMAT="urn:uuid:{COMMON_SYSTEM}"'


def _pssh(kid: str, system: uuid.UUID) -> str:
    return base64.b64encode(pssh_box(system, [bytes.fromhex(kid)])).decode()


def protection(kid: str) -> list[str]:
    """ContentProtection of a Representation (DASH-IF IOP part 6)."""
    named = f'value="cbcs" cenc:default_KID="{uuid.UUID(kid)}"'
    lines = [f'<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" {named}/>']
    for system in (COMMON_SYSTEM, CLEARKEY_SYSTEM):
        box = f"<cenc:pssh>{_pssh(kid, system)}</cenc:pssh>"
        lines.append(f'<ContentProtection schemeIdUri="urn:uuid:{system}">{box}</ContentProtection>')
    return lines
