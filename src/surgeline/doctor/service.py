"""Does every service that the plan names answer? Any status counts: what a path means is the service's own matter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from surgeline.doctor.asking import Asked
from surgeline.doctor.listeners import Listening, Process, in_words
from surgeline.doctor.origins import Origin
from surgeline.protocols.http.errors import status_text
from surgeline.report.doctor import Finding, Level
from surgeline.report.format import duration

CHECK = "service"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking an origin, and who listens there, if that is this machine."""

    asked: Asked
    sockets: Sequence[Listening] = ()
    processes: Sequence[Process] = ()

    @property
    def listener(self) -> str:
        """Who listens, in words."""
        return in_words(self.sockets, self.processes)


def service_findings(answers: Mapping[Origin, Answer | None], seconds: float) -> list[Finding]:
    """Return a finding for each origin; None is one that was not asked to the end in so many seconds."""
    if not answers:
        return [
            Finding(
                Level.SKIPPED,
                CHECK,
                "where requests go is not known before the run: there is no base URL, and no URL in the script's calls",
                "give --base-url, or base_url= of @scenario",
            )
        ]
    return [_finding(origin, answer, seconds) for origin, answer in answers.items()]


def _finding(origin: Origin, answer: Answer | None, seconds: float) -> Finding:
    if answer is None:
        return Finding(
            Level.FAILURE,
            CHECK,
            f"{origin}: no answer within {seconds:g} s",
            "check the name, the DNS of this machine and the network",
        )
    asked = answer.asked
    here = f"; {answer.listener} listens there" if asked.is_here and answer.sockets else ""
    if asked.trouble is not None:
        return Finding(Level.FAILURE, CHECK, f"{origin}: {asked.trouble}{here}", asked.remedy)
    assert asked.status is not None, "what is in nothing's way is an answer"
    server = f", server {asked.server}" if asked.server else ""
    took = duration(asked.seconds * 1000)
    return Finding(Level.OK, CHECK, f"{origin} answers {status_text(asked.status)} in {took}{server}{here}")
