"""Whether persistence diagrams hold pairs of a birth and a death."""

from collections.abc import Iterator

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from loopscope.engine.doctor.blocks import fetch_blocks
from loopscope.engine.doctor.fault import Fault
from loopscope.schemas import PersistenceDiagram, Run

AT_A_TIME = 256
PAIR = 16
"""Bytes of a birth and a death."""


def check_diagrams(session: Session) -> Iterator[Fault]:
    """Check the points of each diagram."""
    statement = select(PersistenceDiagram.id, PersistenceDiagram.dimension, PersistenceDiagram.points, Run.uuid).join(
        Run, Run.id == PersistenceDiagram.run_id
    )
    for rows in fetch_blocks(session, statement, PersistenceDiagram.id, AT_A_TIME):
        for key, dimension, points, uuid in rows:
            row = {"id": key, "run": uuid, "dimension": dimension}
            if len(points) % PAIR:
                yield Fault("persistence_diagram", row, f"points of {len(points)} bytes", f"{PAIR} for each point")
                continue
            births, deaths = np.frombuffer(points, dtype="<f8").reshape(-1, 2).T
            wrong = int((~(np.isfinite(births) & (births <= deaths))).sum())
            if wrong:
                found = f"{wrong} points that die before they are born, or are no numbers"
                yield Fault("persistence_diagram", row, found, "finite births, each up to its death")
