"""What the demonstration shows: twelve films, a series of six episodes and its trailer, and
two channels, drawn by our own code."""

from __future__ import annotations

from backend_stub.encoding.features import Feature, Shot
from backend_stub.encoding.score import BRIGHT, CALM, NIGHT, WISTFUL, MusicScore

_SEA, _WIND, _RAIN = 1.9, 1.6, 1.0
_FERRY = (
    (
        "eng",
        (
            (2.0, 6.0, "The first ferry leaves before the sun."),
            (12.0, 17.0, "Behind us the town is still asleep."),
            (28.0, 33.0, "Nobody has ever counted these islands."),
            (48.0, 54.0, "We are home before the rain."),
        ),
    ),
    (
        "deu",
        (
            (2.0, 6.0, "Die erste Fähre legt vor der Sonne ab."),
            (12.0, 17.0, "Hinter uns schläft die Stadt noch."),
            (28.0, 33.0, "Niemand hat diese Inseln je gezählt."),
            (48.0, 54.0, "Vor dem Regen sind wir zu Hause."),
        ),
    ),
    (
        "ara",
        (
            (2.0, 6.0, "تغادر العبّارة الأولى قبل شروق الشمس."),
            (12.0, 17.0, "خلفنا ما زالت المدينة نائمة."),
            (28.0, 33.0, "لم يعدّ أحدٌ هذه الجزر قط."),
            (48.0, 54.0, "نصل إلى البيت قبل المطر."),
        ),
    ),
)

# “Dark. The first ferry leaves the harbour.” “Behind us, windows light up.” “Islands, one behind the other.” “Rain
# on the water.” In phonemes of backend_stub.encoding.voice.
_FERRY_DESCRIBED = (
    (7.0, "D AA R K , DH AX F ER S T F EH R IY L IY V Z DH AX HH AA R B ER"),
    (18.0, "B IH HH AY N D AH S , W IH N D OW Z L AY T AH P"),
    (34.0, "AY L AX N D Z , W AH N B IH HH AY N D DH IY AH DH ER"),
    (54.5, "R EY N AA N DH AX W AO T ER"),
)

FILMS: tuple[Feature, ...] = (
    Feature(
        "Harbour Lights",
        "Dusk comes over the harbour. One after the other the windows light up, and the water keeps them all.",
        2026,
        (Shot("harbour", 44, 5),),
        (MusicScore(146.8, WISTFUL, seed=2, weather=_SEA),),
        genres=("drama", "relaxing"),
        people=(("director", "Mara Lindqvist"), ("actor", "Jonas Weil"), ("actor", "Ida Brandt")),
    ),
    Feature(
        "Northern Sky",
        "A clear night, a still lake, and lights that nobody has switched on.",
        2025,
        (Shot("aurora", 44, 8),),
        (MusicScore(110.0, NIGHT, seed=3, loud=0.08),),
        genres=("nature", "documentary"),
        people=(("director", "Aino Salmi"), ("writer", "Petra Koch")),
    ),
    Feature(
        "Lanterns",
        "Once a year the town lets its wishes go. Some of them are answered.",
        2026,
        (Shot("lanterns", 44, 4),),
        (MusicScore(164.8, CALM, seed=5, loud=0.05),),
        genres=("family", "fantasy"),
        people=(("director", "Chen Yulan"), ("actor", "Mei Tan"), ("actor", "Luo Shi")),
    ),
    Feature(
        "The First Ferry",
        "From the last lamp of the harbour to the outermost island and back, in four chapters.",
        2026,
        (Shot("night_train", 10, 7), Shot("harbour", 16, 12), Shot("islands", 20, 5), Shot("rain", 14, 6)),
        (
            MusicScore(130.8, BRIGHT, seed=7, weather=_SEA),
            MusicScore(130.8, WISTFUL, seed=8, weather=_SEA, melody=False),
        ),
        genres=("travel", "drama"),
        people=(("director", "Mara Lindqvist"), ("writer", "Omar Haddad"), ("actor", "Ida Brandt")),
        languages=("eng", "deu"),
        lines=_FERRY,
        chapters=("Before dawn", "The harbour", "The islands", "The way back"),
        descriptions=_FERRY_DESCRIBED,
        credits_s=56.0,
    ),
    Feature(
        "Dawn Ridge",
        "Seven ridges, one behind the other, and the hour in which each has a colour of its own.",
        2024,
        (Shot("mountains", 60, 21),),
        (MusicScore(123.5, BRIGHT, seed=9, loud=0.1),),
        genres=("nature", "relaxing"),
        people=(("director", "Aino Salmi"),),
        channels=6,
    ),
    Feature(
        "Rain on Linden Street",
        "An afternoon at the window. Nothing happens, and it is exactly what was needed.",
        2023,
        (Shot("rain", 60, 31),),
        (MusicScore(138.6, WISTFUL, seed=10, weather=_RAIN, loud=0.4),),
        genres=("relaxing", "drama"),
        people=(("director", "Petra Koch"), ("actor", "Jonas Weil")),
    ),
    Feature(
        "First Snow",
        "The wood falls silent. Whoever walks here now is the first.",
        2025,
        (Shot("snow", 60, 41),),
        (MusicScore(155.6, CALM, seed=11, loud=0.09),),
        genres=("family", "nature"),
        people=(("director", "Chen Yulan"), ("actor", "Mei Tan")),
    ),
    Feature(
        "Dunes",
        "A caravan has passed here. The wind is busy with its traces.",
        2022,
        (Shot("dunes", 60, 51),),
        (MusicScore(116.5, NIGHT, seed=12, weather=_WIND, loud=0.3),),
        genres=("adventure", "documentary"),
        people=(("director", "Omar Haddad"), ("writer", "Omar Haddad")),
    ),
    Feature(
        "Summer, Later",
        "Two clouds, one hill, and the longest afternoon of a childhood.",
        2021,
        (Shot("meadow", 60, 61),),
        (MusicScore(174.6, BRIGHT, seed=13, loud=0.12),),
        genres=("family", "comedy"),
        people=(("director", "Ida Brandt"), ("actor", "Luo Shi")),
    ),
    Feature(
        "Deep Water",
        "Where the light ends a garden begins.",
        2026,
        (Shot("deep", 60, 71),),
        (MusicScore(98.0, NIGHT, seed=14, weather=2.4, loud=0.25),),
        genres=("documentary", "science-fiction"),
        people=(("director", "Petra Koch"), ("actor", "Jonas Weil")),
    ),
    Feature(
        "The Autumn Road",
        "A driver takes the old road for the last time, and so do the leaves.",
        2024,
        (Shot("autumn", 60, 81),),
        (MusicScore(146.8, CALM, seed=15, loud=0.14),),
        genres=("drama", "travel"),
        people=(("director", "Mara Lindqvist"), ("actor", "Ida Brandt")),
    ),
    Feature(
        "Thirteen Islands",
        "Nobody agrees on their number. A film that counts again.",
        2023,
        (Shot("islands", 60, 91),),
        (MusicScore(164.8, BRIGHT, seed=16, weather=_SEA, loud=0.3),),
        genres=("travel", "comedy"),
        people=(("director", "Luo Shi"), ("writer", "Ida Brandt")),
    ),
)

_SERIES = "The Night Train"
_EPISODES = (
    ("Departure", "Platform nine, a minute to midnight. Somebody is not on the list.", "harbour", "night_train"),
    ("The Dining Car", "Four people order the same dish. Only one of them is hungry.", "night_train", "rain"),
    ("Snow on the Line", "The train stands still, and somebody uses the time.", "night_train", "snow"),
    ("The Border", "Passports, please. One of them is too good.", "mountains", "night_train"),
    ("Across the Water", "The ferry takes the whole train on board, and a secret with it.", "islands", "lanterns"),
    ("Arrival", "Everybody gets off where they wanted to. Nearly everybody.", "night_train", "mountains"),
)

SERIES: tuple[Feature, ...] = tuple(
    Feature(
        title,
        synopsis,
        2026,
        (Shot("night_train", 8, 100), Shot(first, 20, 110 + number), Shot(second, 16, 120 + number)),
        (MusicScore(130.8, NIGHT if number % 2 else WISTFUL, seed=20 + number),),
        genres=("mystery", "crime"),
        people=(
            ("director", "Mara Lindqvist"),
            ("writer", "Petra Koch"),
            ("actor", "Jonas Weil"),
            ("actor", "Mei Tan"),
        ),
        series=_SERIES,
        number=number,
        intro=(1.0, 8.0),
        credits_s=39.0,
        series_synopsis="Six nights, one train, and a passenger who is on no list.",
    )
    for number, (title, synopsis, first, second) in enumerate(_EPISODES, 1)
)

TRAILER = Feature(
    "The Night Train: Trailer",
    "Six nights, one train.",
    2026,
    (Shot("night_train", 6, 100), Shot("snow", 6, 113), Shot("lanterns", 6, 125)),
    (MusicScore(130.8, NIGHT, seed=30, bar_s=3.0),),
    trailer_of="the-night-train",
)

CHANNELS: tuple[Feature, ...] = (
    Feature(
        "Quiet Places",
        "A channel without an end, for whoever wants to look at something and think of nothing.",
        2026,
        (Shot("meadow", 40, 201), Shot("deep", 40, 202), Shot("aurora", 40, 203)),
        (MusicScore(123.5, CALM, seed=41, loud=0.1),),
        genres=("nature", "relaxing"),
        chapters=("The long afternoon", "Nothing to do", "Before sleep"),
        channel=True,
    ),
    Feature(
        "On the Way",
        "Ferries, trains and roads: a channel that never arrives.",
        2026,
        (Shot("night_train", 40, 211), Shot("islands", 40, 212), Shot("autumn", 40, 213)),
        (MusicScore(130.8, WISTFUL, seed=42, loud=0.12),),
        genres=("travel", "relaxing"),
        chapters=("Through the night", "No stop until morning", "The long way round"),
        channel=True,
    ),
)

PROGRAMME: tuple[Feature, ...] = (*FILMS[:4], *SERIES[:2], TRAILER, *CHANNELS, *FILMS[4:], *SERIES[2:])
FIRST = 3  # so many are there before the window opens
