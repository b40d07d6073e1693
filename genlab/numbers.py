"""Numbers for people: as many digits as mean something, and a unit."""

import math


def value(number: float | None, se: float | None = None) -> str:
    """Write a number with the digits its standard error leaves meaningful; a count without an error is exact.

    >>> value(-103.4567, 0.0123), value(-103.4567, 12.0), value(-103.4567), value(16.0), value(None)
    ('-103.457', '-103', '-103.46', '16', '-')
    """
    if number is None or not math.isfinite(number):
        return "-" if number is None else str(number)
    if se is not None and 0 < se < math.inf:
        decimals = 1 - math.floor(math.log10(se))
        if decimals <= 6:
            return f"{number:,.{max(decimals, 0)}f}"
    return count(int(number)) if abs(number) < 1e12 and number == int(number) else significant(number, 5)


def significant(number: float, digits: int = 3) -> str:
    """Write a number with a count of significant digits, thousands separated.

    >>> significant(12345.6), significant(0.012345), significant(0.0), significant(3e-9)
    ('12,346', '0.0123', '0', '3.00e-09')
    """
    if number == 0 or not math.isfinite(number):
        return f"{number:g}"
    magnitude = math.floor(math.log10(abs(number)))
    if magnitude < -4 or magnitude > 11:
        return f"{number:.{digits - 1}e}"
    return f"{number:,.{max(digits - 1 - magnitude, 0)}f}"


def count(number: int) -> str:
    """Write an integer, thousands separated.

    >>> count(60000)
    '60,000'
    """
    return f"{number:,}"


def duration(seconds: float | None) -> str:
    """Write a duration as minutes and seconds, or hours, minutes and seconds.

    >>> duration(75), duration(3725.4), duration(None)
    ('1:15', '1:02:05', '-:--')
    """
    if seconds is None or not math.isfinite(seconds):
        return "-:--"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def memory(num_bytes: float) -> str:
    """Write an amount of memory in the binary unit that suits it.

    >>> memory(512), memory(3 * 2**20), memory(1.5 * 2**30)
    ('512 B', '3.0 MiB', '1.5 GiB')
    """
    for unit in ("B", "KiB", "MiB", "GiB"):
        if num_bytes < 1024 or unit == "GiB":
            break
        num_bytes /= 1024
    return f"{num_bytes:.0f} B" if unit == "B" else f"{num_bytes:.1f} {unit}"
