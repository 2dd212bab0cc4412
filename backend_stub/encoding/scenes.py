"""The scenes of the sample titles, put together from :mod:`backend_stub.encoding.scenery`. Each takes rows, columns
and a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from backend_stub.encoding.scenery import (
    Layer,
    clouds,
    flakes,
    glow,
    gradient,
    hills,
    houses,
    lights,
    stars,
    tint,
    water,
    woods,
)

Scene = Callable[[int, int, int], list[Layer]]


def mountains(rows: int, columns: int, seed: int) -> list[Layer]:
    """Ridges behind ridges at dawn."""
    sky = gradient(
        rows, columns, [(0, (38, 52, 96)), (0.35, (128, 104, 150)), (0.6, (240, 164, 130)), (1, (255, 214, 160))]
    )
    sky = glow(sky, 0.62, 0.5, 0.05, (255, 236, 190))
    return [
        Layer(sky),
        Layer(clouds(rows, columns, seed, (255, 210, 190), amount=0.55), across=1),
        Layer(hills(rows, columns, seed + 1, 0.34, 0.62, (132, 110, 150), (226, 170, 160)), across=1),
        Layer(hills(rows, columns, seed + 2, 0.5, 0.74, (92, 84, 128), (190, 146, 158)), across=2),
        Layer(hills(rows, columns, seed + 3, 0.66, 0.86, (56, 58, 96), (128, 106, 136)), across=3),
        Layer(woods(rows, columns, seed + 4, 0.93, 0.16, (24, 30, 52), count=120), across=5),
    ]


def harbour(rows: int, columns: int, seed: int) -> list[Layer]:
    """A city at dusk and its lights on the water."""
    sky = gradient(
        rows,
        columns,
        [
            (0, (16, 22, 54)),
            (0.3, (70, 50, 104)),
            (0.52, (222, 108, 98)),
            (0.62, (255, 176, 110)),
            (1, (255, 190, 130)),
        ],
    )
    sky = stars(sky, seed, 300, 0.35)
    far = houses(rows, columns, seed + 1, 0.64, 0.2, (86, 62, 104), (255, 190, 120), lit=0.12)
    near = houses(rows, columns, seed + 2, 0.66, 0.34, (34, 30, 62), (255, 206, 130), lit=0.4)
    return [
        Layer(sky),
        Layer(clouds(rows, columns, seed + 3, (255, 150, 130), amount=0.5), across=1),
        Layer(far, across=1),
        Layer(near, across=2),
        Layer(water(rows, columns, seed + 4, 0.655, (40, 34, 70), (255, 170, 120))),
        Layer(water(rows, columns, seed + 5, 0.66, (40, 34, 70), (255, 214, 160), opacity=0.8), across=2),
        Layer(water(rows, columns, seed + 6, 0.7, (30, 28, 60), (255, 150, 110), opacity=0.7), across=-3),
        Layer(tint(rows, columns, (10, 10, 40), 0.45), rises=(20.0, 35.0)),
    ]


def rain(rows: int, columns: int, seed: int) -> list[Layer]:
    """A street in the rain, seen from a train."""
    sky = gradient(rows, columns, [(0, (26, 34, 48)), (0.6, (62, 78, 98)), (1, (96, 108, 120))])
    return [
        Layer(sky),
        Layer(clouds(rows, columns, seed, (70, 84, 104), amount=0.75), across=1),
        Layer(houses(rows, columns, seed + 1, 0.82, 0.42, (52, 64, 84), (255, 214, 150), lit=0.18), across=2),
        Layer(houses(rows, columns, seed + 2, 0.9, 0.5, (28, 36, 52), (255, 196, 116), lit=0.34), across=4),
        Layer(water(rows, columns, seed + 3, 0.9, (24, 30, 42), (230, 190, 130)), across=4),
        Layer(flakes(rows, columns, seed + 4, (190, 210, 230), count=700, size=1.6, long=16), across=2, down=34),
        Layer(flakes(rows, columns, seed + 5, (220, 234, 246), count=240, size=2.4, long=20), across=3, down=52),
    ]


def snow(rows: int, columns: int, seed: int) -> list[Layer]:
    """Woods in the first snow."""
    sky = gradient(rows, columns, [(0, (120, 140, 170)), (0.55, (196, 206, 220)), (1, (232, 236, 242))])
    return [
        Layer(sky),
        Layer(hills(rows, columns, seed + 1, 0.4, 0.66, (168, 184, 206), (222, 230, 238)), across=1),
        Layer(woods(rows, columns, seed + 2, 0.72, 0.22, (122, 144, 166), count=150, snow=0.7), across=1),
        Layer(woods(rows, columns, seed + 3, 0.83, 0.4, (64, 90, 112), count=90, snow=0.8), across=2),
        Layer(woods(rows, columns, seed + 4, 0.96, 0.62, (26, 46, 62), count=34, snow=0.9), across=4),
        Layer(flakes(rows, columns, seed + 5, (255, 255, 255), count=500, size=3), across=1, down=3),
        Layer(flakes(rows, columns, seed + 6, (255, 255, 255), count=160, size=6), across=2, down=5),
    ]


def aurora(rows: int, columns: int, seed: int) -> list[Layer]:
    """Northern lights over a lake."""
    sky = stars(gradient(rows, columns, [(0, (4, 8, 26)), (0.5, (10, 30, 56)), (1, (20, 60, 76))]), seed, 1400)
    return [
        Layer(sky),
        Layer(lights(rows, columns, seed + 1, (90, 255, 170), top=0.1, foot=0.6, strength=0.7), across=1),
        Layer(lights(rows, columns, seed + 2, (150, 120, 255), top=0.05, foot=0.5, strength=0.5), across=-1),
        Layer(lights(rows, columns, seed + 3, (70, 230, 220), top=0.2, foot=0.64, strength=0.6), across=2),
        Layer(hills(rows, columns, seed + 4, 0.52, 0.68, (10, 20, 38), (14, 40, 56)), across=1),
        Layer(water(rows, columns, seed + 5, 0.7, (8, 22, 40), (70, 200, 170))),
        Layer(water(rows, columns, seed + 6, 0.71, (8, 22, 40), (110, 240, 190), opacity=0.6), across=1),
        Layer(woods(rows, columns, seed + 7, 0.98, 0.3, (3, 7, 14), count=60), across=2),
    ]


def dunes(rows: int, columns: int, seed: int) -> list[Layer]:
    """A desert under a white sun."""
    sky = gradient(
        rows, columns, [(0, (58, 120, 176)), (0.5, (170, 196, 204)), (0.7, (250, 222, 178)), (1, (255, 214, 160))]
    )
    sky = glow(sky, 0.3, 0.26, 0.045, (255, 250, 226))
    return [
        Layer(sky),
        Layer(hills(rows, columns, seed + 1, 0.56, 0.66, (226, 176, 124), (246, 206, 158), power=1.7), across=1),
        Layer(hills(rows, columns, seed + 2, 0.62, 0.78, (214, 150, 92), (236, 184, 128), power=1.8), across=2),
        Layer(hills(rows, columns, seed + 3, 0.72, 0.92, (186, 116, 66), (214, 150, 98), power=1.9), across=4),
        Layer(flakes(rows, columns, seed + 4, (255, 232, 190), count=320, size=2), across=9, down=1),
        Layer(tint(rows, columns, (200, 70, 40), 0.3), rises=(15.0, 40.0)),
    ]


def meadow(rows: int, columns: int, seed: int) -> list[Layer]:
    """Green hills on a summer's day."""
    sky = gradient(rows, columns, [(0, (56, 126, 204)), (0.6, (160, 208, 238)), (1, (226, 240, 240))])
    return [
        Layer(sky),
        Layer(clouds(rows, columns, seed, (255, 255, 255), amount=0.5), across=1),
        Layer(clouds(rows, columns, seed + 9, (255, 255, 255), amount=0.42, top=0.05), across=2),
        Layer(hills(rows, columns, seed + 1, 0.5, 0.64, (112, 160, 150), (182, 212, 206), power=1.5), across=1),
        Layer(hills(rows, columns, seed + 2, 0.58, 0.74, (104, 162, 92), (164, 200, 128), power=1.6), across=2),
        Layer(woods(rows, columns, seed + 3, 0.8, 0.12, (50, 108, 66), count=70), across=3),
        Layer(hills(rows, columns, seed + 4, 0.78, 0.92, (86, 150, 60), (140, 188, 84), power=1.7), across=4),
        Layer(flakes(rows, columns, seed + 5, (255, 250, 210), count=90, size=3), across=5, down=-1),
    ]


def lanterns(rows: int, columns: int, seed: int) -> list[Layer]:
    """Lanterns rise over a sleeping town."""
    sky = stars(gradient(rows, columns, [(0, (12, 10, 38)), (0.6, (44, 26, 74)), (1, (92, 48, 84))]), seed, 700, 0.6)
    sky = glow(sky, 0.74, 0.2, 0.035, (250, 240, 220), 0.6)
    return [
        Layer(sky),
        Layer(flakes(rows, columns, seed + 1, (255, 176, 92), count=46, size=7, long=1.3), across=1, down=-1),
        Layer(hills(rows, columns, seed + 2, 0.62, 0.76, (36, 24, 62), (64, 38, 78)), across=1),
        Layer(houses(rows, columns, seed + 3, 0.92, 0.2, (22, 16, 44), (255, 190, 110), lit=0.3), across=1),
        Layer(flakes(rows, columns, seed + 4, (255, 196, 110), count=26, size=13, long=1.3), across=1, down=-2),
        Layer(flakes(rows, columns, seed + 5, (255, 214, 140), count=9, size=26, long=1.3), across=2, down=-3),
        Layer(water(rows, columns, seed + 6, 0.92, (20, 14, 40), (255, 180, 100))),
        Layer(water(rows, columns, seed + 7, 0.92, (20, 14, 40), (255, 200, 120), opacity=0.7), across=1),
    ]


def deep(rows: int, columns: int, seed: int) -> list[Layer]:
    """Light falls into the sea."""
    sea = gradient(rows, columns, [(0, (60, 170, 190)), (0.35, (22, 104, 146)), (0.7, (8, 46, 92)), (1, (4, 20, 52))])
    sea = glow(sea, 0.55, -0.05, 0.12, (220, 255, 246), 0.8)
    rays = lights(rows, columns, seed, (190, 250, 240), top=0.5, foot=1.5, strength=0.5)
    return [
        Layer(sea),
        Layer(rays, across=1),
        Layer(lights(rows, columns, seed + 7, (160, 240, 240), top=0.4, foot=1.4, strength=0.35), across=-1),
        Layer(hills(rows, columns, seed + 1, 0.7, 0.9, (14, 66, 104), (8, 44, 84)), across=1),
        Layer(woods(rows, columns, seed + 2, 0.97, 0.2, (10, 44, 66), count=120), across=2),
        Layer(flakes(rows, columns, seed + 3, (200, 240, 250), count=140, size=3), across=1, down=-2),
        Layer(flakes(rows, columns, seed + 4, (220, 250, 255), count=40, size=8), across=1, down=-4),
        Layer(hills(rows, columns, seed + 5, 0.86, 0.99, (6, 26, 46), (4, 18, 36)), across=3),
    ]


def autumn(rows: int, columns: int, seed: int) -> list[Layer]:
    """Leaves fall along a road."""
    sky = gradient(rows, columns, [(0, (130, 150, 176)), (0.6, (226, 206, 178)), (1, (250, 222, 170))])
    sky = glow(sky, 0.4, 0.44, 0.04, (255, 240, 200), 0.8)
    return [
        Layer(sky),
        Layer(hills(rows, columns, seed + 1, 0.48, 0.64, (168, 132, 120), (226, 190, 160)), across=1),
        Layer(woods(rows, columns, seed + 2, 0.72, 0.24, (178, 96, 48), count=130), across=2),
        Layer(woods(rows, columns, seed + 3, 0.85, 0.36, (142, 62, 30), count=70), across=3),
        Layer(hills(rows, columns, seed + 4, 0.84, 0.94, (92, 58, 34), (140, 88, 44), power=1.7), across=5),
        Layer(flakes(rows, columns, seed + 5, (240, 150, 50), count=150, size=5, long=0.7), across=4, down=3),
        Layer(flakes(rows, columns, seed + 6, (210, 84, 34), count=60, size=9, long=0.7), across=6, down=4),
    ]


def night_train(rows: int, columns: int, seed: int) -> list[Layer]:
    """The moon keeps up with the train."""
    sky = stars(gradient(rows, columns, [(0, (8, 12, 34)), (0.7, (28, 44, 82)), (1, (56, 74, 110))]), seed, 1000)
    sky = glow(sky, 0.68, 0.24, 0.05, (246, 244, 226), 0.7)
    return [
        Layer(sky),
        Layer(clouds(rows, columns, seed, (70, 88, 130), amount=0.45), across=1),
        Layer(hills(rows, columns, seed + 1, 0.54, 0.7, (24, 38, 72), (46, 64, 100)), across=2),
        Layer(houses(rows, columns, seed + 2, 0.78, 0.06, (16, 24, 46), (255, 206, 130), lit=0.5), across=4),
        Layer(hills(rows, columns, seed + 3, 0.74, 0.84, (14, 22, 44), (24, 36, 62), power=1.5), across=4),
        Layer(woods(rows, columns, seed + 4, 0.96, 0.4, (6, 10, 22), count=40), across=12),
    ]


def islands(rows: int, columns: int, seed: int) -> list[Layer]:
    """Islands in a bright sea."""
    sky = gradient(
        rows, columns, [(0, (46, 132, 206)), (0.5, (164, 216, 240)), (0.56, (236, 244, 240)), (1, (236, 244, 240))]
    )
    return [
        Layer(sky),
        Layer(clouds(rows, columns, seed, (255, 255, 255), amount=0.46), across=1),
        Layer(hills(rows, columns, seed + 1, 0.4, 0.66, (120, 160, 170), (190, 220, 224)), across=1),
        Layer(water(rows, columns, seed + 2, 0.58, (24, 120, 160), (210, 246, 250))),
        Layer(water(rows, columns, seed + 3, 0.59, (24, 120, 160), (240, 255, 255), opacity=0.8), across=2),
        Layer(hills(rows, columns, seed + 4, 0.5, 0.66, (74, 124, 96), (150, 196, 180), power=1.4), across=2),
        Layer(water(rows, columns, seed + 5, 0.66, (14, 96, 140), (200, 244, 250)), across=4),
        Layer(woods(rows, columns, seed + 6, 0.99, 0.2, (22, 70, 52), count=50), across=6),
    ]


SCENES: Mapping[str, Scene] = {
    scene.__name__: scene
    for scene in (
        mountains,
        harbour,
        rain,
        snow,
        aurora,
        dunes,
        meadow,
        lanterns,
        deep,
        autumn,
        night_train,
        islands,
    )
}
