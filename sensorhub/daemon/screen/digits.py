"""Big digits and bars: numbers to be read in a terminal from across the room."""

_DIGITS = {
    "0": ("####", "#  #", "#  #", "#  #", "####"),
    "1": ("  # ", " ## ", "  # ", "  # ", " ###"),
    "2": ("####", "   #", "####", "#   ", "####"),
    "3": ("####", "   #", " ###", "   #", "####"),
    "4": ("#  #", "#  #", "####", "   #", "   #"),
    "5": ("####", "#   ", "####", "   #", "####"),
    "6": ("####", "#   ", "####", "#  #", "####"),
    "7": ("####", "   #", "  # ", " #  ", " #  "),
    "8": ("####", "#  #", "####", "#  #", "####"),
    "9": ("####", "#  #", "####", "   #", "####"),
}


def big_number(value: int, *, ink: str = "#") -> list[str]:
    """A number to be read from across the room: five lines of text."""
    digits = [_DIGITS[d] for d in str(max(0, value))]
    return [
        "  ".join(d[row] for d in digits).replace("#", ink * 2).replace(" ", "  ")
        for row in range(5)
    ]


def bar(value_deg: float, target_deg: float | None, *, full_deg: float, width: int = 40) -> str:
    """An angle as a bar, with a mark at the target: ``[#######---|-----]``."""
    share = min(1.0, max(0.0, value_deg / full_deg))
    cells = ["#" if i < round(share * width) else "-" for i in range(width)]
    if target_deg is not None and 0.0 < target_deg < full_deg:
        cells[min(width - 1, int(target_deg / full_deg * width))] = "|"
    return f"[{''.join(cells)}]"
