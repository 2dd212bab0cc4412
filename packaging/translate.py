"""The app's translations, with Qt's own tools: ``python packaging/translate.py`` brings the words of the sources into
every ``ui/app/assets/translations/*.ts`` and compiles them into ``*.qm``. New words are marked as unfinished there.

``lupdate`` reads QML by itself; the words of the view models, ``tr("...")`` in Python, are handed to it as one file.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "ui" / "app" / "assets" / "translations"
CONTEXT = "ViewModels"  # ui/app/viewmodels/text.py


def python_words(root: Path = ROOT / "ui") -> list[str]:
    """Every text that is given to ``tr`` in our Python, sorted. Raises ValueError for one that is not literal."""
    found = set()
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr":
                (argument,) = node.args
                if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
                    raise ValueError(f"{path}:{node.lineno}: only literal text can be translated")
                found.add(argument.value)
    return sorted(found)


def main() -> int:
    """See the module."""
    tools = Path(sys.executable).parent
    translations = sorted(FOLDER.glob("*.ts"))
    qml = sorted(str(path) for path in (ROOT / "ui" / "app" / "qml").rglob("*.qml"))
    with tempfile.TemporaryDirectory() as folder:
        words = Path(folder) / "words.py"
        calls = [f"QCoreApplication.translate({CONTEXT!r}, {word!r})" for word in python_words()]
        words.write_text("\n".join(calls) + "\n", encoding="utf-8")
        for made in translations:
            options = ["-no-obsolete", "-locations", "none", "-ts", str(made)]
            subprocess.run([str(tools / "pyside6-lupdate"), *qml, str(words), *options], check=True)
            compiled = str(made.with_suffix(".qm"))
            subprocess.run([str(tools / "pyside6-lrelease"), str(made), "-qm", compiled], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
