"""The pictures of one medoid as files."""

from collections.abc import Mapping
from pathlib import Path

from loopscope.imaging.codec import decode_picture


def export_medoid(cluster_id: int, pictures: Mapping[str, bytes | None], folder: Path) -> dict[str, Path]:
    """Write the pictures that belong to a medoid, as PNG, and return the paths of those that are there.

    Parameters
    ----------
    cluster_id
        The number of the cluster.
    pictures
        Encoded: ``picture``, which the medoid is or describes, and ``next_picture``, which was made from it.
    folder
        Made where there is none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = {"picture": f"cluster_{cluster_id:03d}.png", "next_picture": f"cluster_{cluster_id:03d}_next.png"}
    paths = {}
    for name, data in pictures.items():
        if data is not None:
            paths[name] = folder / names[name]
            decode_picture(data).save(paths[name])
    return paths
