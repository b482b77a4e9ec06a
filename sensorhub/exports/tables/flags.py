"""What each quality flag means, in a sentence for who reads the files."""

from collections.abc import Mapping
from types import MappingProxyType

from sensorhub.model.outcomes import FlagCode

FLAG_MEANINGS: Mapping[FlagCode, str] = MappingProxyType(
    {
        FlagCode.GAP: "Data of a sensor is missing for a while; how long: gap_s.",
        FlagCode.CLIPPING: "A sensor reached the end of its range: angles may be wrong.",
        FlagCode.NO_GYROSCOPE: (
            "A sensor has no gyroscope: fast movements are less exact, and turning about the"
            " vertical is not seen."
        ),
        FlagCode.BAD_CALIBRATION: (
            "A sensor does not read gravity right at rest: angles may be off by a degree or more."
        ),
        FlagCode.SENSORS_DISAGREE: (
            "Accelerometer and gyroscope of a sensor contradict each other: do not rely on angles."
        ),
        FlagCode.SLIPPED: "A sensor slipped during the set: angles before and after differ.",
        FlagCode.WRONG_SEGMENT: "A sensor moved like another part of the body than it was put on.",
        FlagCode.WRONG_SIDE: (
            "The sensor is on the other leg than was asked for or aligned, or the other leg moved."
        ),
        FlagCode.WRONG_RATE: (
            "A sensor measures too seldom, or not at the rate it says: fast movements are less"
            " exact."
        ),
        FlagCode.UPSIDE_DOWN: "A sensor seems to be worn upside down.",
        FlagCode.NOT_SETTLED: "How a sensor was turned was not well known yet: angles may be off.",
        FlagCode.UNSURE: "Not everything was recognised for certain: see columns sure, said_count.",
        FlagCode.LOCOMOTION: "The person walked during the set; that is not counted.",
        FlagCode.SENSOR_IGNORED: "A sensor was worn that this exercise does not use.",
        FlagCode.SENSOR_MISSING: "A sensor that this exercise needs was missing.",
        FlagCode.LOW_BATTERY: "The battery of a sensor was nearly empty.",
        FlagCode.INTERRUPTED: "The session was cut off during this set; what came before is there.",
    }
)
"""The set's own sentences, with sensor and seconds, stand in ``flag_texts`` of ``sets.csv``."""
