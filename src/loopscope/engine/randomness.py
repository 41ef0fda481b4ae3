"""Where an invocation's randomness comes from: never from its batch, the process or the time."""

import secrets
from collections.abc import Iterator
from hashlib import blake2b

from loopscope.store.experiments import RunState


def invocation_seed(run: RunState) -> int:
    """Return the seed in [0, 2**63) of a run's next invocation.

    In a seeded run it depends on the run's seed and the model alone, so that the loop is an autonomous map; in a run
    with fresh randomness on the run's recorded stream, the sequence number and the model.
    """
    if run.seed is not None:
        return _hash("seed", run.seed, run.model)
    return _hash("stream", run.stream, run.sequence_number, run.model)


def new_streams() -> Iterator[int]:
    """Draw streams for runs with fresh randomness, from the operating system."""
    while True:
        yield secrets.randbits(63)


def _hash(*parts: object) -> int:
    digest = blake2b("|".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
