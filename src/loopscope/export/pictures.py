"""Pictures as files: the medoids of a clustering, and the outputs of a run."""

from pathlib import Path

import polars as pl
from sqlalchemy.orm import Session

from loopscope.imaging.codec import decode_picture
from loopscope.store.outputs import load_outputs


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
    """Write the pictures among a run's invocations, as PNG, and return the paths by invocation id.

    Parameters
    ----------
    invocations
        Of one run, as of ``load_invocations_df``.
    folder
        Made where there is none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for row in invocations.filter(pl.col("output_type") == "image").iter_rows(named=True):
        path = folder / f"step_{row['sequence_number']:05d}.png"
        picture = load_outputs(session, [row["invocation_id"]])[row["invocation_id"]]
        assert not isinstance(picture, str)
        picture.save(path)
        paths[row["invocation_id"]] = path
    return paths
