"""Are there as many file descriptors as the run's connections need? Each worker has its own. Pure."""

from math import ceil

from surgeline.doctor.limits import Demand
from surgeline.report.doctor import Finding, Level

CHECK = "descriptors"
MARGIN = 64
"""For what a process has open beside its connections: the run file, outputs, the loop, modules."""
UNLIMITED = -1


def descriptor_findings(demand: Demand, workers: int, soft: int, hard: int) -> list[Finding]:
    """Return whether `soft` descriptors are enough for a worker. UNLIMITED is no limit."""
    each = demand.per_user * demand.origins
    needed, most = (ceil(users / workers) * each + MARGIN for users in (demand.users, demand.most_users))
    per_worker = " in each worker" if workers > 1 else ""
    if _fits(most, soft):
        limit = "no limit" if soft == UNLIMITED else f"{soft:,} allowed"
        return [Finding(Level.OK, CHECK, f"at most {most:,} file descriptors{per_worker}, {limit}")]
    remedy = _remedy(most if _fits(needed, soft) else needed, hard, demand, each)
    if _fits(needed, soft):
        message = f"up to {most:,} file descriptors{per_worker} if the service is slow, {soft:,} are allowed"
        return [Finding(Level.WARNING, CHECK, message, remedy)]
    message = f"{needed:,} file descriptors{per_worker} are needed, {soft:,} are allowed"
    return [Finding(Level.FAILURE, CHECK, message, remedy)]


def _fits(needed: int, limit: int) -> bool:
    return limit == UNLIMITED or needed <= limit


def _remedy(needed: int, hard: int, demand: Demand, each: int) -> str:
    if _fits(needed, hard):
        return f"ulimit -n {needed}"
    workers = ceil(demand.most_users * each / max(1, hard - MARGIN))
    return (
        f"the hard limit is {hard:,}: raise it (LimitNOFILE= of systemd, --ulimit nofile= of docker, limits.conf), use "
        f"--workers {workers}, or fewer users (vus, max_vus)"
    )
