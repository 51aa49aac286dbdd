"""The Locust users that are measured beside us, with the faster of Locust's clients; one class for each benchmark."""

from locust import FastHttpUser, constant, task


class Get(FastHttpUser):
    """A plain GET, as fast as the answers come."""

    @task
    def get(self) -> None:
        """One request."""
        self.client.get("/")


class GetAndSleep(FastHttpUser):
    """A request, then a second of sleep."""

    wait_time = constant(1)

    @task
    def get(self) -> None:
        """One request."""
        self.client.get("/")
