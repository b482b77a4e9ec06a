"""How a simulated device meets a host: in bytes, through a pty, a TCP port or a fake BlueZ."""
