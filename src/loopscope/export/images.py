"""The pictures of runs, or of medoids, as files that say where they came from."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from loopscope.data_prep import load_medoids_df
from loopscope.data_prep.keys import ARROW, require_experiment, require_run
from loopscope.errors import ExportError, NotFoundError
from loopscope.files import write_whole
from loopscope.imaging.codec import decode_picture
from loopscope.imaging.metadata import ImageFormat, PictureMetadata, encode_with_metadata
from loopscope.schemas import Experiment, Invocation, Picture, Run
from loopscope.types import OutputType

SUFFIXES: Final[dict[ImageFormat, str]] = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}
SLUG_LENGTH: Final = 48
AT_A_TIME: Final = 50
"""Pictures in one query."""


@dataclass(frozen=True)
class ExportedImages:
    """How many pictures were written, and how many were there already."""

    written: int
    already_there: int


@dataclass(frozen=True)
class PictureList:
    """Pictures to write: the invocations that gave them, and how the name of each begins."""

    invocation_ids: Sequence[int]
    prefixes: Sequence[str]


def list_pictures(session: Session, *, experiment_id: int | None = None, run_id: int | None = None) -> PictureList:
    """List the pictures of an experiment or of one run, by default all, run by run.

    Raises
    ------
    NotFoundError
        When there is no such experiment or run, or no picture among its outputs.
    """
    statement = select(Invocation.id).join(Run).order_by(Invocation.run_id, Invocation.sequence_number)
    if experiment_id is not None:
        require_experiment(session, experiment_id)
        statement = statement.where(Run.experiment_id == experiment_id)
    if run_id is not None:
        require_run(session, run_id)
        statement = statement.where(Run.id == run_id)
    found = session.scalars(statement.where(Invocation.output_type == OutputType.IMAGE.value)).all()
    if not found:
        raise NotFoundError("found no picture among these outputs; see what there is: loopscope run list")
    return PictureList(found, [""] * len(found))


def list_medoid_pictures(session: Session, clustering_result_id: int) -> PictureList:
    """List the pictures that are medoids, or that the medoids of texts describe, by the number of their cluster.

    Raises
    ------
    NotFoundError
        When there is no such result, or no medoid of it has a picture.
    """
    found: dict[int, int] = {}
    for row in load_medoids_df(session, clustering_result_id).iter_rows(named=True):
        own = row["output_type"] == OutputType.IMAGE.value
        picture = row["medoid_invocation_id"] if own else row["companion_invocation_id"]
        if picture is not None:
            found[row["cluster_id"]] = picture
    if not found:
        raise NotFoundError("no medoid of this clustering result is a picture, or describes one")
    return PictureList(list(found.values()), [f"cluster_{number:03d}_" for number in found])


def export_images(
    session: Session,
    pictures: PictureList,
    folder: Path,
    *,
    image_format: ImageFormat = "png",
    advance: Callable[[int], None] = lambda files: None,
) -> ExportedImages:
    """Write pictures as files whose names say the run, the step and the prompt; a file that is there is left as it is.

    Parameters
    ----------
    folder
        Made where there is none.
    image_format
        PNG and WebP keep every pixel.
    advance
        Called with 1 after each picture.

    Raises
    ------
    ExportError
        When a picture cannot be read, or is too large for the format.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    named = list(zip(pictures.invocation_ids, pictures.prefixes, strict=True))
    for start in range(0, len(named), AT_A_TIME):
        some = named[start : start + AT_A_TIME]
        origins = load_origins(session, [invocation_id for invocation_id, _ in some])
        for invocation_id, prefix in some:
            metadata = origins[invocation_id]
            path = folder / (prefix + _name(metadata) + SUFFIXES[image_format])
            if not path.exists():
                write_whole(path, encode_with_origin(session, metadata, image_format))
                written += 1
            advance(1)
    return ExportedImages(written, len(pictures.invocation_ids) - written)


def _name(metadata: PictureMetadata) -> str:
    slug = _slug(metadata.initial_prompt)
    seed = "" if metadata.seed is None else f"_seed_{metadata.seed}"
    run = metadata.run_uuid.replace("-", "")[:12]
    return f"{slug}{seed}_run_{run}_step_{metadata.sequence_number:05d}"


def _slug(text: str) -> str:
    """Put a text into lower-case letters, digits and dashes, cut at a word.

    >>> _slug("Déjà vu: a red fox, sitting!")
    'deja-vu-a-red-fox-sitting'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(slug) > SLUG_LENGTH:
        slug = slug[: SLUG_LENGTH + 1].rpartition("-")[0] or slug[:SLUG_LENGTH]
    return slug or "prompt"


def encode_with_origin(session: Session, metadata: PictureMetadata, image_format: ImageFormat) -> bytes:
    """Encode a picture as a file that says where it came from.

    Raises
    ------
    ExportError
        When it cannot be read, or is too large for the format.
    """
    data = session.scalars(
        select(Picture.data)
        .join(Invocation, Invocation.picture_id == Picture.id)
        .where(Invocation.id == metadata.invocation_id)
    ).one()
    try:
        return encode_with_metadata(decode_picture(data), metadata, image_format)
    except (OSError, ValueError) as error:
        raise ExportError(
            f"the picture of step {metadata.sequence_number} of run {metadata.run_uuid[:8]} cannot be written: {error}"
        ) from error


def load_origins(session: Session, invocation_ids: Sequence[int]) -> dict[int, PictureMetadata]:
    """Load what is said in the file of each picture, by the invocation that gave it."""
    from importlib.metadata import version

    software = f"Loopscope {version('loopscope')}"
    return {
        invocation_id: PictureMetadata(
            prompt=initial_prompt if input_id is None else input_text,
            initial_prompt=initial_prompt,
            model=model,
            network=ARROW.join(network),
            seed=seed,
            experiment_uuid=str(experiment_uuid),
            run_uuid=str(run_uuid),
            sequence_number=sequence_number,
            invocation_id=invocation_id,
            input_invocation_id=input_id,
            created=created,
            software=software,
        )
        for (
            (invocation_id, model, sequence_number, created, input_id, input_text),
            (run_uuid, network, initial_prompt, seed, experiment_uuid),
        ) in ((row[:6], row[6:]) for row in session.execute(_origins_of(invocation_ids)))
    }


def _origins_of(invocation_ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    source = aliased(Invocation)
    return (
        select(
            *(Invocation.id, Invocation.model, Invocation.sequence_number, Invocation.finished_at),
            *(source.id, source.output_text),
            *(Run.uuid, Run.network, Run.initial_prompt, Run.seed, Experiment.uuid),
        )
        .join(Run, Run.id == Invocation.run_id)
        .join(Experiment, Experiment.id == Run.experiment_id)
        .outerjoin(source, source.id == Invocation.input_invocation_id)
        .where(Invocation.id.in_(invocation_ids))
    )
