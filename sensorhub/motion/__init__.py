"""From samples to orientation and angles: gap policy, clock model, VQF, thigh elevation."""
