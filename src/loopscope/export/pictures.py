"""Pictures as files: the medoids of a clustering, and the outputs of a run."""

from pathlib import Path

import polars as pl
from sqlalchemy.orm import Session

from loopscope.export.images import AT_A_TIME, encode_with_origin, load_origins
from loopscope.files import write_whole
from loopscope.imaging.codec import decode_picture


def export_medoid_pictures(medoids: pl.DataFrame, folder: Path) -> dict[int, Path]:
    """Write each medoid's picture, as PNG, and return the paths by cluster number.

    Parameters
    ----------
    medoids
        Of one result, as of ``load_medoids_df`` with pictures.
    folder
        Made where there is none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for number, data in medoids.select("cluster_id", "picture").drop_nulls().iter_rows():
        paths[number] = folder / f"cluster_{number:03d}.png"
        decode_picture(data).save(paths[number])
    return paths


def export_run_pictures(session: Session, invocations: pl.DataFrame, folder: Path) -> dict[int, Path]:
    """Write the pictures among a run's invocations, as PNG that says where it came from; return paths by invocation id.

    Parameters
    ----------
    invocations
        Of one run, as of ``load_invocations_df``.
    folder
        Made where there is none.

    Raises
    ------
    ExportError
        When a picture cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ids = invocations.filter(pl.col("output_type") == "image")["invocation_id"].to_list()
    paths = {}
    for start in range(0, len(ids), AT_A_TIME):
        for invocation_id, origin in load_origins(session, ids[start : start + AT_A_TIME]).items():
            path = folder / f"step_{origin.sequence_number:05d}.png"
            paths[invocation_id] = write_whole(path, encode_with_origin(session, origin, "png"))
    return paths
