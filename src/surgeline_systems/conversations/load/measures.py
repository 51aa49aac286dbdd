"""The metrics of a user's steps, beside those of HTTP. It must not know the steps."""

from surgeline import Counter, Response, Trend


class Measures:
    """Made once, while the script is loaded."""

    def __init__(self) -> None:
        self.auth_successes = Counter("auth_successes")
        self.auth_failures = Counter("auth_failures")
        self.message_send_duration = Trend("message_send_duration", unit="ms")
        self.conversation_fetch_duration = Trend("conversation_fetch_duration", unit="ms")
        self.analytics_duration = Trend("analytics_duration", unit="ms")
        self.api_errors = Counter("api_errors")
        self.successful_requests = Counter("successful_requests")

    def count(self, response: Response, endpoint: str) -> None:
        """Count a request as one that succeeded or not; one without any answer did not."""
        counter = self.successful_requests if response.ok else self.api_errors
        counter.add(tags={"endpoint": endpoint})
