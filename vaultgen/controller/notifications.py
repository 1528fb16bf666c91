"""Events on their way to notification-controller: in their order, and again while it does not answer."""

import json
import logging
import queue
import threading
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

TIMEOUT_SECONDS = 5.0
PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds between attempts, as Flux's own controllers make them; after the last one the event is given up."""
WAITING = 1000
"""Events that may wait. More come only where nothing answers."""

_log = logging.getLogger("vaultgen.controller")


class Notifications:
    """Sends events from a thread of its own: whoever has one to send never waits."""

    def __init__(self, address: str, pool: urllib3.PoolManager, pauses: Sequence[float] = PAUSES) -> None:
        """``address`` is the URL of notification-controller's event endpoint."""
        self._address = address
        self._pool = pool
        self._pauses = pauses
        self._waiting: queue.SimpleQueue[Mapping[str, Any] | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        # Nothing is to outlive the process for an event.
        self._thread = threading.Thread(target=self._send_all, name="notifications", daemon=True)
        self._thread.start()

    def send(self, event: Mapping[str, Any]) -> None:
        """Take an event of notification-controller's API (v1beta1), to be sent after those that wait."""
        if self._waiting.qsize() < WAITING:
            self._waiting.put(event)
        else:
            _given_up(event)

    def close(self) -> None:
        """Send what waits, each once, and return when that is done, or after a while."""
        self._closing.set()
        self._waiting.put(None)
        self._thread.join(TIMEOUT_SECONDS)

    def _send_all(self) -> None:
        while (event := self._waiting.get()) is not None:
            if not self._is_taken(event):
                _given_up(event)

    def _is_taken(self, event: Mapping[str, Any]) -> bool:
        body = json.dumps(event)
        for pause in (*self._pauses, None):
            status = self._post(body)
            if 200 <= status < 500:
                # Of what it was told minutes ago it wants to hear no more.
                return status < 300 or status == HTTPStatus.TOO_MANY_REQUESTS
            if pause is None or self._closing.wait(pause):
                break
        return False

    def _post(self, body: str) -> int:
        """Return the status of the answer, 0 where there is none."""
        try:
            answer = self._pool.request(
                "POST",
                self._address,
                body=body,
                headers={"Content-Type": "application/json"},
                timeout=TIMEOUT_SECONDS,
                retries=False,
                redirect=False,
            )
        except (HTTPError, ValueError):
            return 0
        return answer.status


def _given_up(event: Mapping[str, Any]) -> None:
    involved = event["involvedObject"]
    _log.warning(
        "notification-controller took no event",
        extra={"object": f"{involved['namespace']}/{involved['name']}", "reason": event["reason"]},
    )
