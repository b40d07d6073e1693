"""How fast a run goes and when it will be done, from looking at its step now and then."""

from collections import deque

WINDOW_SECONDS = 60.0


class Pace:
    """The speed of the last minute.

    >>> pace = Pace()
    >>> pace.look(0, now=0.0)
    >>> pace.look(50, now=10.0)
    >>> pace.steps_per_second, pace.seconds_left(150)
    (5.0, 20.0)
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def look(self, step: int, *, now: float) -> None:
        """Note where the run stands.

        Args:
            step: steps done.
            now: a monotonic clock's reading, in seconds.
        """
        self._seen.append((now, step))
        while len(self._seen) > 2 and now - self._seen[1][0] > WINDOW_SECONDS:
            self._seen.popleft()

    @property
    def steps_per_second(self) -> float | None:
        """Steps a second; None before there is a difference to measure."""
        if len(self._seen) < 2:
            return None
        (earlier, first), (later, last) = self._seen[0], self._seen[-1]
        return (last - first) / (later - earlier) if later > earlier and last > first else None

    def seconds_left(self, steps: int) -> float | None:
        """Return the time to the last of `steps` at this speed; None where no speed is known."""
        speed = self.steps_per_second
        return (steps - self._seen[-1][1]) / speed if speed else None
