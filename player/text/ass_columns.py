"""ASS and SSA whose columns stand in another order than usual.

A ``Format`` line names the columns of the lines after it (Advanced SubStation Alpha, "Format lines"); pysubs2 reads
the usual ones in their usual order alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

_USUAL = {
    "v4+ styles": """
        Name=Default Fontname=sans-serif Fontsize=20
        PrimaryColour=&H00FFFFFF SecondaryColour=&H000000FF OutlineColour=&H00000000 BackColour=&H00000000
        Bold=0 Italic=0 Underline=0 StrikeOut=0 ScaleX=100 ScaleY=100 Spacing=0 Angle=0
        BorderStyle=1 Outline=2 Shadow=2 Alignment=2 MarginL=10 MarginR=10 MarginV=10 Encoding=1""",
    "v4 styles": """
        Name=Default Fontname=sans-serif Fontsize=20
        PrimaryColour=16777215 SecondaryColour=255 TertiaryColour=0 BackColour=0
        Bold=0 Italic=0 BorderStyle=1 Outline=2 Shadow=2 Alignment=2 MarginL=10 MarginR=10 MarginV=10
        AlphaLevel=0 Encoding=1""",
    "events": """
        Layer=0 Start=0:00:00.00 End=0:00:00.00 Style=Default Name= MarginL=0 MarginR=0 MarginV=0 Effect= Text=""",
}
"""For each section its usual columns, with what stands in one that a file does not have."""
_ALSO = {"actor": "name", "marked": "layer"}  # other names of columns
_ROWS = ("style", "dialogue", "comment")


def in_usual_order(text: str) -> str:
    """The document with its styles and events in the usual columns; any other column is left out. The same text where
    they are the usual ones already. Line ends are line feeds."""
    made: list[str] = []
    usual: dict[str, str] = {}
    columns: list[str] = []
    for line in text.split("\n"):
        kind, _, rest = line.partition(":")
        kind = kind.strip().casefold()
        if line.lstrip().startswith("["):
            pairs = _USUAL.get(line.strip().strip("[]").casefold(), "").split()
            usual = dict(pair.split("=", 1) for pair in pairs)
            columns = []
        elif kind == "format" and usual:
            columns = _names(rest.split(","))
            if columns == _names(usual):
                columns = []
        if kind == "format" and columns:
            made.append(f"Format: {', '.join(usual)}")
        elif kind in _ROWS and columns:
            made.append(f"{kind.capitalize()}: {_row(rest, columns, usual)}")
        else:
            made.append(line)
    return "\n".join(made)


def _names(columns: Iterable[str]) -> list[str]:
    names = [name.strip().casefold() for name in columns]
    return [_ALSO.get(name, name) for name in names]


def _row(values: str, columns: Sequence[str], usual: Mapping[str, str]) -> str:
    """The last column takes what is left of the line: it is the text, which may have commas."""
    found = dict(zip(columns, values.lstrip().split(",", len(columns) - 1), strict=False))
    return ",".join(found.get(name, other) for name, other in zip(_names(usual), usual.values(), strict=True))
