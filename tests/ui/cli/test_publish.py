"""What “matinee publish” says of a title besides its media."""

from __future__ import annotations

import argparse
import json

import pytest

from backend_stub.encoding.options import TitleOptions, Wanted, read_spec, spec_document
from backend_stub.services.title_credits import Credits, Person
from backend_stub.services.title_relations import Belonging
from backend_stub.services.title_structure import Markers
from ui.cli import publish


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    publish.add_arguments(parser)
    return parser.parse_args([*words, "film.mp4"])


def belonging(*words: str) -> object:
    args = parsed(*words)
    return publish._belonging(args, args.episode)


def test_a_film_belongs_to_nothing():
    assert belonging() == Belonging()


def test_an_episode_with_its_markers():
    words = (
        "--series",
        "The Mill",
        "--season",
        "2",
        "--episode",
        "7",
        "--intro",
        "12.5-40",
        "--credits-from",
        "1300",
    )
    assert belonging(*words) == Belonging("The Mill", 2, 7, markers=Markers((12.5, 40.0), 1300.0))


def test_a_trailer_and_credits():
    words = ("--trailer-of", "film", "--genre", "drama", "--credit", "director:Ada Löv", "--credit", "actor:Bob")
    people = [Person("Ada Löv", "director"), Person("Bob", "actor")]
    assert belonging(*words) == Belonging(trailer_of="film", credits=Credits(["drama"], people))


@pytest.mark.parametrize(
    "words", [("--intro", "12"), ("--credit", "caterer:Bob"), ("--credit", "actor:"), ("--genre", "Film Noir")]
)
def test_what_is_not_understood(words, capsys):
    with pytest.raises(SystemExit):
        parsed(*words)
    assert repr(words[1]) in capsys.readouterr().err


def test_several_files_are_episodes_one_after_the_other(monkeypatch, tmp_path):
    published = []

    class Publisher:
        INTERRUPTED = 130

        @staticmethod
        def publish_command(_folder, files, options):
            published.append((files[0].name, options.belonging.number))
            return 2 if files[0].name == "b.mp4" else 0

    real = publish.load
    monkeypatch.setattr(publish, "load", lambda name: Publisher if name.endswith("encoding.cli") else real(name))
    parser = argparse.ArgumentParser()
    publish.add_arguments(parser)
    args = parser.parse_args(["--series", "S", "--episode", "3", "a.mp4", "b.mp4", "c.mp4", "--data", str(tmp_path)])
    assert publish.run(args) == 2, "the first failure, and the others go on"
    assert published == [("a.mp4", 3), ("b.mp4", 4), ("c.mp4", 5)]


def test_what_a_job_is_told_is_what_was_said(tmp_path):
    said = Belonging("Mill", 2, 7, None, Markers((1.0, 2.5), None), Credits(["drama"], [Person("Ada", "writer")]))
    for one in (said, Belonging(trailer_of="film")):
        options = TitleOptions(title="x", belonging=one)
        spec = json.loads(json.dumps(spec_document(Wanted(tmp_path, options))))
        assert read_spec(spec) == Wanted(tmp_path, options)
