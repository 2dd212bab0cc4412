"""XML of an MPD: what is forgiven does not depend on what was read before."""

from __future__ import annotations

import pytest

from player.base.errors import ErrorCode, ManifestError
from player.manifest.dash.xml import parse_xml


def test_an_undeclared_prefix_is_forgiven_also_after_another_mpd_was_broken() -> None:
    with pytest.raises(ManifestError) as broken:
        parse_xml("<MPD>\n<Period></MPD>")
    assert broken.value.code is ErrorCode.MANIFEST_SYNTAX
    root, forgiven = parse_xml('<MPD><Period><x:y z:k="1"/></Period></MPD>')
    assert forgiven
    assert root.tag == "MPD"


def test_an_undeclared_prefix_does_not_excuse_other_damage() -> None:
    with pytest.raises(ManifestError):
        parse_xml("<MPD><x:y></MPD>")
