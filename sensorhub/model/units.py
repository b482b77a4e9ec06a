"""Constants and conversions: the wire's units, ours (SI, radians), the person's (degrees)."""

import math

STANDARD_GRAVITY_MPS2 = 9.80665
RADPS_PER_DPS = math.pi / 180.0
DEG_PER_RAD = 180.0 / math.pi
NS_PER_S = 1_000_000_000
