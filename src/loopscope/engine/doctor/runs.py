"""Whether a run is marked as ended exactly where it has ended: at its full length, or in a cycle."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from loopscope.engine.doctor.fault import Fault, Mend
from loopscope.engine.doctor.imported import of_imported_experiment
from loopscope.errors import ModelError
from loopscope.models.registry import Registry
from loopscope.schemas import Experiment, Invocation, Run


@dataclass(frozen=True)
class _Mark:
    """How a run is marked; no stop reason while it has work left."""

    stop_reason: str | None
    period: int | None = None

    def __str__(self) -> str:
        if self.stop_reason is None:
            return "no stop_reason"
        return f"stop_reason {self.stop_reason}" + ("" if self.period is None else f" with period {self.period}")


UNMARKED = _Mark(None)


def check_ends(session: Session, registry: Registry) -> Iterator[Fault]:
    """Check how each run is marked against its invocations.

    A run whose sequence numbers have gaps is left out: nobody can say where it stands. That a run is in a cycle is
    expected only of one that says so, or that has a seed, was not imported, and has generators that are all known to be
    deterministic.

    Parameters
    ----------
    registry
        The models there are.
    """
    last = (
        select(Invocation.run_id, func.count().label("length"), func.max(Invocation.sequence_number).label("last"))
        .group_by(Invocation.run_id)
        .subquery()
    )
    periods = _load_periods(session)
    imported = set(session.scalars(select(Experiment.id).where(of_imported_experiment())))
    statement = (
        select(Run, func.coalesce(last.c.length, 0))
        .outerjoin(last, last.c.run_id == Run.id)
        .where(func.coalesce(last.c.length, 0) == func.coalesce(last.c.last, -1) + 1)
        .order_by(Run.id)
    )
    for run, length in session.execute(statement.execution_options(yield_per=1000)):
        period = periods.get(run.id)
        ends_in_cycle = period is not None and (
            run.stop_reason == "cycle" or (run.experiment_id not in imported and _is_deterministic(run, registry))
        )
        yield from _check_end(run, length, period if ends_in_cycle else None)


def _load_periods(session: Session) -> Mapping[int, int]:
    """Find the smallest number of invocations after which each run is in the state of its network it was in before.

    Runs that went their full length or failed are left out: it is nobody's fault if they went on in a cycle.
    """
    last, earlier = aliased(Invocation), aliased(Invocation)
    newest = select(func.max(Invocation.sequence_number)).where(Invocation.run_id == Run.id).scalar_subquery()
    statement = (
        select(Run.id, Run.network, last.sequence_number - earlier.sequence_number)
        .join(last, (last.run_id == Run.id) & (last.sequence_number == newest))
        .join(earlier, (earlier.run_id == Run.id) & (earlier.output_hash == last.output_hash))
        .where(Run.stop_reason.is_(None) | (Run.stop_reason != "failed"), Run.seed.is_not(None))
        .where(earlier.sequence_number < last.sequence_number)
        .order_by(Run.id, earlier.sequence_number)
    )
    rows = session.execute(statement.execution_options(yield_per=1000))
    return {run_id: period for run_id, network, period in rows if network and period % len(network) == 0}


def _check_end(run: Run, length: int, period: int | None) -> Iterator[Fault]:
    """Check one run; the period is that of the cycle it is in, if it is in one."""
    row = {"id": run.id, "uuid": run.uuid}
    show = f"loopscope run show {run.uuid.hex[:8]}"
    if length > run.max_length:
        yield Fault("run", row, f"{length} invocations", f"at most its max_length {run.max_length}", show)
        return
    found = _Mark(run.stop_reason, run.period)
    expected = _expected(run, length, period)
    if found == expected:
        return
    why = f"{expected} for {length} of {run.max_length} invocations" + (
        "" if period is None else f", the last of which repeats the output {period} before"
    )
    yield Fault("run", row, str(found), why, mend=_mend(run, expected) if run.stop_reason != "failed" else None)


def _expected(run: Run, length: int, period: int | None) -> _Mark:
    """Say how a run should be marked."""
    whole = _Mark("length") if length == run.max_length else UNMARKED
    if run.stop_reason == "failed":
        return whole if whole.stop_reason else _Mark("failed")
    if whole.stop_reason and run.stop_reason == "length":
        return whole
    return whole if period is None else _Mark("cycle", period)


def _is_deterministic(run: Run, registry: Registry) -> bool:
    try:
        return all(registry.generator(name).deterministic for name in run.network)
    except ModelError:  # a generator that is not installed here
        return False


def _mend(run: Run, expected: _Mark) -> Mend:
    was: dict[str, Any] = {"stop_reason": run.stop_reason, "period": run.period}
    return Mend(Run, {"id": run.id}, was, {"stop_reason": expected.stop_reason, "period": expected.period})
