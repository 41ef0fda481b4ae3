"""The assignments of a file: which embedding is in which cluster, each pair once, or listed."""

from dataclasses import dataclass

import numpy as np

from loopscope.store.legacy.cluster_lists import (
    ClusterList,
    find_code_of_medoids,
    list_medoid_clusters,
    read_json_clusters,
    read_table_clusters,
)
from loopscope.store.legacy.embeddings import OldEmbeddings
from loopscope.store.legacy.identifiers import NUMBER, OTHER, IdColumn, IdColumnReader, Integers
from loopscope.store.legacy.judgement import Judgement, shown
from loopscope.store.legacy.layout import Form, Layout
from loopscope.store.legacy.references import judge_owners, judge_references
from loopscope.store.legacy.results import OldResults
from loopscope.store.legacy.source import Source
from loopscope.store.legacy.values import is_integer
from loopscope.types import OUTLIER

AT_A_TIME = 20_000
TWO_CLUSTERS = "its embedding is in another cluster of the same result as well"


@dataclass(frozen=True)
class OldAssignments:
    """The assignments of a file, by position.

    Attributes
    ----------
    judged
        What becomes of each.
    result, embedding
        Shape (n,), int64: positions.
    code
        Shape (n,), int64: tells the clusters of a result apart; −1 for an outlier.
    clusters
        What the file says of the clusters.
    """

    judged: Judgement
    result: Integers
    embedding: Integers
    code: Integers
    clusters: ClusterList


def read_assignments(source: Source, layout: Layout, results: OldResults, embeddings: OldEmbeddings) -> OldAssignments:
    """Read and judge the assignments and clusters of a file."""
    told_by = "medoid_embedding_id" if layout.form is Form.MEDOIDS_ONLY else "cluster_id"
    query = f"SELECT rowid, embedding_id, clustering_result_id, {told_by} FROM embeddingcluster ORDER BY rowid"  # noqa: S608
    rowids: list[int] = []
    embedding_ids, result_ids, cluster_ids = IdColumnReader(), IdColumnReader(), IdColumnReader()
    labels: list[object] = []
    for rows in source.rows(query, at_a_time=AT_A_TIME):
        numbers, embedding_values, result_values, cluster_values = zip(*rows, strict=True)
        rowids += numbers
        embedding_ids.add(embedding_values)
        result_ids.add(result_values)
        if layout.form is Form.CLUSTERS_AS_JSON:
            labels += cluster_values
        else:
            cluster_ids.add(cluster_values)
    judged = Judgement("embeddingcluster", np.array(rowids, dtype=np.int64))
    result = judge_references(judged, "clustering_result_id", "clustering result", result_ids.column(), results.index)
    embedding = judge_references(judged, "embedding_id", "embedding", embedding_ids.column(), embeddings.index)
    if layout.form is Form.CLUSTERS_AS_JSON:
        clusters = read_json_clusters(results, embeddings)
        code = _judge_labels(judged, labels)
    elif layout.form is Form.CLUSTERS_AS_TABLE:
        clusters, code = _judge_table(source, layout, judged, result, cluster_ids.column(), results, embeddings)
    else:
        code = _judge_medoids(judged, cluster_ids.column(), embeddings)
    _judge_models(judged, result, embedding, results, embeddings)
    judge_owners(judged, "clustering result", result, results.judged.kept)
    judge_owners(judged, "embedding", embedding, ~embeddings.judged.left_out)
    embedding = np.append(embeddings.same_as, -1)[embedding]
    _judge_pairs(judged, result, embedding, code)
    if layout.form is Form.MEDOIDS_ONLY:
        owners = np.where(judged.kept, result, -1)
        clusters = list_medoid_clusters(results, embeddings, owners, code, cluster_ids.column())
    return OldAssignments(judged, result, embedding, code, clusters)


def _judge_labels(judged: Judgement, labels: list[object]) -> Integers:
    """Read the numbers of clusters."""
    if set(map(type, labels)) <= {int}:
        codes = np.array(labels, dtype=np.int64)
        wrong = np.flatnonzero(codes < OUTLIER)
    else:
        sound = [label if is_integer(label) else OUTLIER - 1 for label in labels]
        codes = np.array(sound, dtype=np.int64)
        wrong = np.flatnonzero(codes < OUTLIER)
    judged.leave_out(wrong, "its cluster_id is no integer from −1", {int(row): labels[row] for row in wrong})
    return codes


def _judge_table(
    source: Source,
    layout: Layout,
    judged: Judgement,
    result: Integers,
    references: IdColumn,
    results: OldResults,
    embeddings: OldEmbeddings,
) -> tuple[ClusterList, Integers]:
    """Find the clusters that are referred to, of the same result."""
    clusters, index, owners, codes = read_table_clusters(source, layout, results, embeddings)
    cluster = judge_references(judged, "cluster_id", "cluster", references, index)
    foreign = (cluster >= 0) & (np.append(owners, -1)[cluster] != result)
    judged.leave_out(foreign & (result >= 0), "its cluster is of another clustering result")
    judge_owners(judged, "cluster", cluster, clusters.judged.kept)
    return clusters, np.append(codes, OUTLIER)[cluster]


def _judge_medoids(judged: Judgement, medoids: IdColumn, embeddings: OldEmbeddings) -> Integers:
    """Tell clusters apart by their medoids."""
    codes, restored = find_code_of_medoids(medoids, embeddings.index, embeddings.same_as)
    numbers = {row: shown(number) for row, number in medoids.numbers.items()}
    judged.leave_out(medoids.kinds == OTHER, "its medoid_embedding_id is not 32 hexadecimal digits")
    judged.leave_out(
        (medoids.kinds == NUMBER) & (codes == OUTLIER),
        "its medoid_embedding_id was turned into a number that does not tell the embedding",
        numbers,
    )
    judged.remark(
        np.array(restored, dtype=np.int64),
        "its medoid_embedding_id was turned into a number",
        "brought over: exactly one embedding has an id that becomes this number",
        numbers,
    )
    return codes


def _judge_models(
    judged: Judgement, result: Integers, embedding: Integers, results: OldResults, embeddings: OldEmbeddings
) -> None:
    """Leave out assignments of an embedding to a result of another embedding model."""
    names = {model.stored_name: code for code, model in enumerate(embeddings.models)}
    of_model = np.array([names[model.stored_name] for model in embeddings.models] + [-1], dtype=np.int64)
    of_result = [-1 if each is None else names.get(each.model, -1) for each in results.results]
    model_of_result = np.array([*of_result, -1], dtype=np.int64)[result]
    model_of_embedding = of_model[np.append(embeddings.model, -1)[embedding]]
    other = (model_of_result >= 0) & (model_of_embedding >= 0) & (model_of_result != model_of_embedding)
    judged.leave_out(other, "its embedding is of another embedding model than its clustering result")


def _judge_pairs(judged: Judgement, result: Integers, embedding: Integers, code: Integers) -> None:
    """Merge assignments that say the same, and leave out those of one pair that say different things."""
    rows = np.flatnonzero(judged.kept)
    order = rows[np.lexsort((rows, embedding[rows], result[rows]))]
    if not len(order):
        return
    same = (result[order][1:] == result[order][:-1]) & (embedding[order][1:] == embedding[order][:-1])
    begins = np.append(True, ~same)
    pair = np.cumsum(begins) - 1
    differs = np.append(False, same & (code[order][1:] != code[order][:-1]))
    in_doubt = np.zeros(int(pair[-1]) + 1, dtype=bool)
    in_doubt[pair[differs]] = True
    doubtful = order[in_doubt[pair]]
    judged.leave_out(doubtful, TWO_CLUSTERS)
    judged.merge(order[~begins & ~in_doubt[pair]])
