"""What others have published, to stand beside our figures. Read mostly as abstracts."""

from typing import NamedTuple


class Published(NamedTuple):
    """One published figure. ``what`` is the quantity, ``where`` the sensor and its place."""

    what: str
    where: str
    figure: str
    source: str


PUBLISHED: tuple[Published, ...] = (
    Published("miscounted repetitions", "phone on a weight stack", "0.16 %", "Viecelli 2020"),
    Published(
        "miscounted repetitions", "phone, dynamic time warping", "about 1 % of 3598", "Pernek 2013"
    ),
    Published("sets within one", "forearm, 114 people", "93 %", "RecoFit (Morris) 2014"),
    Published("sets within one", "watches", "91 %", "Soro 2019"),
    Published("sets within one", "wrist, cardiac rehabilitation", "90 %", "Prabhu 2020"),
    Published("sets within one", "phone or watch", "80 %", "RecoLift 2015"),
    Published("sets within one", "camera", "94-95 %", "Hsu 2021"),
    Published("repetitions found", "user's own templates, online", "87 %", "Lin & Kulic 2014"),
    Published(
        "repetitions found (F1)",
        "waist, 43 older adults, 4 exercises",
        "> 80 %",
        "Otago DS-MS-TCN 2024",
    ),
    Published(
        "edges of repetitions",
        "several, read at second hand",
        "limits of agreement -0.21 to 0.22 s",
        "-",
    ),
    Published("seconds of a hold", "any", "no figure found", "-"),
    Published("exact count of breaths", "any", "no figure found", "-"),
    Published(
        "breathing rate", "belly accelerometer", "limits of agreement 1.9/min", "Hostrup 2025"
    ),
    Published(
        "hip flexion, RMSE", "trunk and femur, 4 sensors", "4.9 degrees", "Sensors 2024, 24:6580"
    ),
    Published(
        "hip angle, RMSE", "one sensor, 8 exercises, machine learning", "4.8 degrees", "PMC6700879"
    ),
)
