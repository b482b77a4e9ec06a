"""An inertial sensor strapped to the body: what its chip would have measured."""
