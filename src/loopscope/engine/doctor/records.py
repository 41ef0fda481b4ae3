"""Whether what is recorded of how a result or an output was made can be true."""

import re
from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from loopscope.engine.doctor.fault import Fault
from loopscope.schemas import ClusteringResult, FailedAttempt, Invocation, Run

FINGERPRINT = re.compile("[0-9a-f]{64}")


def check_clustering_records(session: Session) -> Iterator[Fault]:
    """Check fingerprints and durations, where a clustering result has them."""
    columns = (ClusteringResult.id, ClusteringResult.uuid, ClusteringResult.fingerprint, ClusteringResult.durations)
    for key, uuid, fingerprint, durations in session.execute(select(*columns).order_by(ClusteringResult.id)):
        row, delete = {"id": key, "uuid": uuid}, f"loopscope cluster delete {uuid.hex[:8]}"
        if fingerprint is not None and not FINGERPRINT.fullmatch(fingerprint):
            yield Fault("clustering_result", row, f"fingerprint {fingerprint!r}", "64 hexadecimal digits", delete)
        for name, seconds in (durations or {}).items():
            if not isinstance(seconds, float | int) or not 0 <= seconds < float("inf"):
                expected = "seconds, at least 0"
                yield Fault("clustering_result", row, f"{name} {seconds!r} in durations", expected, delete)


def check_attempts(session: Session) -> Iterator[Fault]:
    """Check that an output that took several attempts has the failed ones; earlier tries may have left more."""
    failed = (
        select(func.count())
        .where(FailedAttempt.run_id == Invocation.run_id, FailedAttempt.model == Invocation.model)
        .where(FailedAttempt.sequence_number == Invocation.sequence_number)
        .scalar_subquery()
    )
    statement = (
        select(Invocation.id, Run.uuid, Invocation.sequence_number, Invocation.attempts, failed)
        .join(Run, Run.id == Invocation.run_id)
        .where(Invocation.attempts > 1, failed < Invocation.attempts - 1)
        .order_by(Invocation.id)
    )
    for key, uuid, sequence_number, attempts, count in session.execute(statement):
        row = {"id": key, "run": uuid, "sequence_number": sequence_number}
        found = f"attempts {attempts} with {count} failed attempts"
        yield Fault("invocation", row, found, f"at least {attempts - 1} rows in failed_attempt")
