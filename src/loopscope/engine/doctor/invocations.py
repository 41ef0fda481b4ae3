"""Whether the invocations of each run follow one another: numbered without a gap, fed by the one before, in turn."""

from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import ColumnElement, Text, case, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from loopscope.engine.doctor.fault import Fault
from loopscope.schemas import Invocation, Run


def check_sequence(session: Session) -> Iterator[Fault]:
    """Check that sequence numbers are 0, 1, … in each run, and that the input of each is the one before."""

    def before(column: InstrumentedAttribute[int]) -> ColumnElement[int | None]:
        return func.lag(column).over(partition_by=Invocation.run_id, order_by=Invocation.sequence_number)

    found = select(
        Invocation.id,
        Invocation.run_id,
        Invocation.sequence_number,
        Invocation.input_invocation_id,
        func.coalesce(before(Invocation.sequence_number), -1).label("number_before"),
        before(Invocation.id).label("id_before"),
    ).subquery()
    statement = (
        select(found, Run.uuid)
        .join(Run, Run.id == found.c.run_id)
        .where(
            (found.c.sequence_number != found.c.number_before + 1)
            | found.c.input_invocation_id.is_distinct_from(found.c.id_before)
        )
        .order_by(found.c.run_id, found.c.sequence_number)
    )
    for key, _, number, input_id, number_before, id_before, uuid in session.execute(statement):
        row = {"id": key, "run": uuid, "sequence_number": number}
        show = f"loopscope run show {uuid.hex[:8]}"
        if number != number_before + 1:
            there = "none before it" if number_before < 0 else f"{number_before} before it"
            yield Fault("invocation", row, f"{there} in its run", f"sequence number {number - 1} before it", show)
        elif input_id != id_before:
            expected = f"{id_before}, the invocation before it in its run"
            yield Fault("invocation", row, f"input_invocation_id {input_id}", expected, show)


def check_turns(session: Session) -> Iterator[Fault]:
    """Check that each invocation is of the generator whose turn it was in the network of its run."""
    written = cast(Run.network, Text)
    networks = session.execute(select(written, Run.network).order_by(written)).all()
    for said, group in groupby(networks, lambda row: row[0]):
        network = next(group)[1]
        if not network:
            continue
        turn = case(dict(enumerate(network)), value=Invocation.sequence_number % len(network))
        statement = (
            select(Invocation.id, Run.uuid, Invocation.sequence_number, Invocation.model)
            .join(Run, Run.id == Invocation.run_id)
            .where(written == said, Invocation.model != turn)
            .order_by(Invocation.id)
        )
        for key, uuid, number, model in session.execute(statement):
            row = {"id": key, "run": uuid, "sequence_number": number}
            expected = f"{network[number % len(network)]}, whose turn it was in {'→'.join(network)}"
            yield Fault("invocation", row, f"model {model}", expected)
