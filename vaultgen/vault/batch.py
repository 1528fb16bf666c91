"""What one send() still has to do, and what came of the rest."""

from collections import deque

from vaultgen.errors import Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaultgen.vault.message import Request, Response
    from vaultgen.vault.wire import Writer


class Job:
    """One request on its way."""

    __slots__ = ("attempt", "index", "redirects", "request", "target")

    def __init__(self, index: int, request: "Request", target: str) -> None:
        self.index = index
        """Its place among the requests, and its answer's among the results."""
        self.request = request
        self.target = target
        """Path and query on the request line; a redirect changes it."""
        self.attempt = 1
        self.redirects = 0


class Batch:
    """The jobs of one send()."""

    def __init__(self, requests: "Sequence[Request]", writer: "Writer") -> None:
        self.queue: deque[Job] = deque()
        """Jobs that may start now."""
        self.answered = 0
        """Answers that were good enough to hand on."""
        self.left = len(requests)
        """Jobs without a result."""
        self._delayed: list[tuple[float, Job]] = []
        self._results: list[Response | Fault | None] = [None] * len(requests)
        for index, request in enumerate(requests):
            if refusal := writer.refusal(request):
                self.settle(index, refusal)
            else:
                self.queue.append(Job(index, request, writer.target(request)))

    def settle(self, index: int, result: "Response | Fault") -> None:
        """Note a result."""
        self._results[index] = result
        self.left -= 1

    def settle_all(self, fault: Fault) -> None:
        """Note the same fault for every job that has no result."""
        self._results = [fault if result is None else result for result in self._results]
        self.left = 0
        self.queue.clear()
        self._delayed.clear()

    def delay(self, job: Job, until: float) -> None:
        """Let a job start again at a later time."""
        self._delayed.append((until, job))

    def wake(self, now: float) -> float:
        """Queue the delayed jobs whose time has come; return when the next one's comes."""
        if not self._delayed:
            return float("inf")
        due = [job for until, job in self._delayed if until <= now]
        self._delayed = [(until, job) for until, job in self._delayed if until > now]
        # They have waited longest.
        self.queue.extendleft(reversed(due))
        return min((until for until, _ in self._delayed), default=float("inf"))

    def results(self) -> "list[Response | Fault]":
        """Return the results, in the order of the requests."""
        return [result for result in self._results if result is not None]
