"""Files of pictures are made of what the database holds, on SQLite and on PostgreSQL."""

import io
import json

import numpy as np
import pytest
from PIL import Image, ImageColor
from sqlalchemy import delete, select, update

from loopscope.config import ExperimentConfig
from loopscope.data_prep import load_clusters_df, load_invocations_df
from loopscope.datavis.theme import choose_cluster_colour
from loopscope.engine.clustering import cluster_embeddings
from loopscope.engine.performing import perform_experiment
from loopscope.errors import ExportError, NotFoundError
from loopscope.export.filmstrip import export_filmstrip
from loopscope.export.images import export_images, list_medoid_pictures, list_pictures
from loopscope.export.pictures import export_run_pictures
from loopscope.export.sheet import count_runs, export_sheet
from loopscope.export.shown_runs import load_shown_runs
from loopscope.export.stills import StillReader
from loopscope.export.video import VideoSettings, count_steps, export_video
from loopscope.imaging.codec import decode_picture
from loopscope.models import fakes
from loopscope.models.registry import Registry
from loopscope.schemas import Cluster, Embedding, EmbeddingCluster, EmbeddingVector, Invocation, Picture, Run
from loopscope.store.outputs import load_outputs

MODELS = Registry.of(
    fakes.FakePainter, fakes.FakeDescriber, fakes.FakeText, fakes.FakeTextEmbedder, fakes.FakeImageEmbedder
)
CONFIG = ExperimentConfig(
    networks=(("FakePainter", "FakeDescriber"), ("FakeText",)),
    prompts=("a fox", "ein rötlicher Fuchs"),
    seeds=(3,),
    num_runs=1,
    embedding_models=("FakeTextEmbedder", "FakeImageEmbedder"),
    max_length=10,
)


@pytest.fixture
def performed(store):
    """Eight runs: painted and described, and texts alone; with a clustering of the texts."""
    perform_experiment(CONFIG, store, registry=MODELS)
    return store


@pytest.fixture
def result_id(performed):
    done = cluster_embeddings(
        performed, "FakeTextEmbedder", min_cluster_size=2, min_samples=1, epsilon=0.0, allow_single_cluster=False
    )
    return done.clustering_result_id


def opened(path):
    return Image.open(io.BytesIO(path.read_bytes()))


def as_it_is(picture):
    return picture


def painted(session):
    return next(run for run in load_shown_runs(session) if "FakePainter" in run.network)


def test_stills_are_the_outputs_of_the_run_with_their_clusters(performed, result_id):
    with performed.session() as session:
        run = painted(session)
        stills = StillReader(session, result_id, as_it_is).read_run(run, run.spans)
        outputs = {
            number: (text, data, cluster)
            for number, text, data, cluster in session.execute(
                select(Invocation.sequence_number, Invocation.output_text, Picture.data, Cluster.cluster_id)
                .outerjoin(Picture, Picture.id == Invocation.picture_id)
                .outerjoin(Embedding, (Embedding.invocation_id == Invocation.id) & (Invocation.output_type == "text"))
                .outerjoin(EmbeddingCluster, EmbeddingCluster.embedding_id == Embedding.id)
                .outerjoin(Cluster, Cluster.id == EmbeddingCluster.cluster_id)
                .where(Invocation.run_id == run.run_id)
            )
        }
    assert len(stills) == 5
    for still in stills:
        assert still.picture.tobytes() == decode_picture(outputs[still.first][1]).tobytes()
        assert still.caption == outputs[still.last][0]
        assert still.cluster_id == outputs[still.last][2]
        assert still.colour == choose_cluster_colour(still.cluster_id)


def test_each_of_several_clusterings_gives_its_own_colours(performed, result_id):
    other = cluster_embeddings(
        performed, "FakeTextEmbedder", min_cluster_size=20, min_samples=1, allow_single_cluster=True, downsample=2
    ).clustering_result_id
    with performed.session() as session:
        run = painted(session)
        for key in (result_id, other):
            stills = StillReader(session, key, as_it_is).read_run(run, run.spans)
            expected = load_clusters_df(session, key, run_id=run.run_id)
            found = {still.last: still.cluster_id for still in stills if still.cluster_id is not None}
            assert found == dict(expected.select("sequence_number", "cluster_id").iter_rows())
            assert len(stills) == 5
    assert any(still.cluster == "not clustered" for still in stills)


def test_several_runs_are_read_step_by_step(performed):
    with performed.session() as session:
        runs = [run for run in load_shown_runs(session) if "FakePainter" in run.network]
        reader = StillReader(session, None, as_it_is)
        steps = list(reader.read_steps([[(run, (step, step + 1)) for run in runs] for step in (0, 2, 4)]))
        alone = {run.run_id: reader.read_run(run, [(0, 1), (2, 3), (4, 5)]) for run in runs}
    assert len(runs) == 4
    for place, step in enumerate(steps):
        assert step == {run_id: stills[place] for run_id, stills in alone.items()}


def test_a_filmstrip_has_the_colours_of_its_clusters(performed, result_id, tmp_path):
    with performed.session() as session:
        run = painted(session)
        export_filmstrip(session, run.run_id, tmp_path / "strip.png", clustering_result_id=result_id)
        stills = StillReader(session, result_id, as_it_is).read_run(run, run.spans)
    pixels = np.asarray(opened(tmp_path / "strip.png"))
    for colour in {still.colour for still in stills}:
        assert (pixels == ImageColor.getrgb(colour)).all(axis=-1).sum() > 2000


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_a_filmstrip_of_texts_and_of_a_part_is_written(performed, tmp_path, suffix):
    path = tmp_path / f"folder/strip{suffix}"
    with performed.session() as session:
        run = next(run for run in load_shown_runs(session) if run.network == "FakeText")
        whole = opened(export_filmstrip(session, run.run_id, path, columns=5)).height
        part = opened(export_filmstrip(session, run.run_id, path, columns=5, first=2, last=4)).height
    assert part < whole
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_change_points_come_from_their_frame(performed, tmp_path, monkeypatch):
    import polars as pl

    from loopscope.export import filmstrip

    with performed.session() as session:
        run = painted(session)
        frame = pl.DataFrame({"run_id": run.run_id, "n_change_points": 1, "sequence_number": 5, "reason": None})
        monkeypatch.setattr(filmstrip, "load_change_points_df", lambda *_: frame)
        plain = opened(export_filmstrip(session, run.run_id, tmp_path / "plain.png"))
        marked = opened(
            export_filmstrip(session, run.run_id, tmp_path / "marked.png", embedding_model="FakeTextEmbedder")
        )
        assert marked.height > plain.height
        nothing = frame.with_columns(
            n_change_points=pl.lit(None, pl.Int64), sequence_number=pl.lit(None, pl.Int64), reason=pl.lit("too short")
        )
        monkeypatch.setattr(filmstrip, "load_change_points_df", lambda *_: nothing)
        with pytest.raises(ExportError, match="too short; leave out --model"):
            export_filmstrip(session, run.run_id, tmp_path / "none.png", embedding_model="FakeTextEmbedder")


def test_what_cannot_be_drawn_is_refused_with_what_to_type(performed, tmp_path):
    with performed.session() as session:
        run = painted(session)
        for options, said in (({"first": 10}, "steps, 0 to 9"), ({"first": 5, "last": 2}, "from 5 to 2")):
            with pytest.raises(ExportError, match=said):
                export_filmstrip(session, run.run_id, tmp_path / "strip.png", **options)
        with pytest.raises(ExportError, match=r"try strip\.png"):
            export_filmstrip(session, run.run_id, tmp_path / "strip.gif")
        with pytest.raises(NotFoundError):
            export_filmstrip(session, 999, tmp_path / "strip.png")
        with pytest.raises(NotFoundError, match="clustering result"):
            export_filmstrip(session, run.run_id, tmp_path / "strip.png", clustering_result_id=999)
    assert not list(tmp_path.glob("*strip*"))


def test_an_experiment_without_outputs_is_refused(store, tmp_path):
    with store.session() as session:
        for export in (export_sheet, export_video):
            with pytest.raises(NotFoundError, match="found no output"):
                export(session, tmp_path / ("x.mp4" if export is export_video else "x.png"))
        with pytest.raises(NotFoundError, match="found no picture"):
            list_pictures(session)


@pytest.mark.parametrize("by", ["network", "prompt"])
def test_a_contact_sheet_shows_every_run_and_says_how_far_it_is(performed, result_id, tmp_path, by):
    done = []
    with performed.session() as session:
        export_sheet(
            session, tmp_path / "sheet.png", clustering_result_id=result_id, by=by, steps=4, advance=done.append
        )
        assert sum(done) == count_runs(session, None) == 8
        small = opened(export_sheet(session, tmp_path / "small.png", most=3)).height
    assert small < opened(tmp_path / "sheet.png").height


def test_a_broken_picture_is_named(performed, tmp_path):
    with performed.session() as session:
        run = painted(session)
        key = session.scalars(
            select(Invocation.picture_id).where(Invocation.run_id == run.run_id, Invocation.sequence_number == 4)
        ).one()
    with performed.transaction() as session:
        session.execute(update(Picture).where(Picture.id == key).values(data=b"no picture"))
    with performed.session() as session:
        for export in (
            lambda: export_filmstrip(session, run.run_id, tmp_path / "strip.png"),
            lambda: export_video(session, tmp_path / "video.mp4", settings=VideoSettings(size=(320, 180))),
            lambda: export_images(session, list_pictures(session, run_id=run.run_id), tmp_path / "stills"),
        ):
            with pytest.raises(ExportError, match=f"step 4 of run {run.uuid[:8]}"):
                export()
    assert not (tmp_path / "video.mp4").exists()


@pytest.mark.parametrize("image_format", ["png", "jpeg", "webp"])
def test_stills_say_where_they_came_from(performed, tmp_path, image_format):
    with performed.session() as session:
        run = painted(session)
        done = export_images(
            session, list_pictures(session, run_id=run.run_id), tmp_path / "stills", image_format=image_format
        )
        rows = session.execute(
            select(Invocation, Picture.data)
            .join(Picture, Picture.id == Invocation.picture_id)
            .where(Invocation.run_id == run.run_id)
            .order_by(Invocation.sequence_number)
        ).all()
        texts = dict(session.execute(select(Invocation.id, Invocation.output_text)).all())
        number = session.get_one(Run, run.run_id)
        uuid, prompt = str(number.uuid), number.initial_prompt
    assert (done.written, done.already_there) == (5, 0)
    files = sorted((tmp_path / "stills").iterdir())
    assert len(files) == 5
    for path, (invocation, data) in zip(files, rows, strict=True):
        image = opened(path)
        said = json.loads(image.getexif().get_ifd(0x8769)[0x9286][8:])
        assert said["prompt"] == texts.get(invocation.input_invocation_id, prompt)
        assert (said["run_uuid"], said["sequence_number"]) == (uuid, invocation.sequence_number)
        assert said.get("input_invocation_id") == invocation.input_invocation_id
        assert (said["model"], said["seed"]) == ("FakePainter", 3)
        assert f"_seed_3_run_{uuid.replace('-', '')[:12]}_step_{invocation.sequence_number:05d}" in path.name
        if image_format != "jpeg":
            assert image.convert("RGB").tobytes() == decode_picture(data).tobytes()


def test_pictures_beside_a_run_say_where_they_came_from_too(performed, tmp_path):
    with performed.session() as session:
        run = painted(session)
        paths = export_run_pictures(session, load_invocations_df(session, run_id=run.run_id), tmp_path / "run")
        pictures = load_outputs(session, list(paths))
    assert [path.name for path in sorted(paths.values())] == [f"step_{2 * step:05d}.png" for step in range(5)]
    for invocation_id, path in paths.items():
        image = opened(path)
        said = json.loads(image.getexif().get_ifd(0x8769)[0x9286][8:])
        assert (said["invocation_id"], said["sequence_number"]) == (invocation_id, int(path.stem[5:]))
        assert image.convert("RGB").tobytes() == pictures[invocation_id].tobytes()


def test_what_is_there_already_is_left_as_it_is(performed, tmp_path):
    with performed.session() as session:
        pictures = list_pictures(session)
        first = export_images(session, pictures, tmp_path / "stills")
        files = sorted((tmp_path / "stills").iterdir())
        before = files[0].read_bytes()
        files[0].write_bytes(b"kept")
        files[1].unlink()
        again = export_images(session, pictures, tmp_path / "stills")
    assert (first.written, first.already_there) == (len(files), 0)
    assert (again.written, again.already_there) == (1, len(files) - 1)
    assert files[0].read_bytes() == b"kept" != before
    assert files[1].exists()


def test_medoids_of_texts_are_written_by_the_pictures_that_they_describe(performed, result_id, tmp_path):
    with performed.session() as session:
        pictures = list_medoid_pictures(session, result_id)
        done = export_images(session, pictures, tmp_path / "medoids")
        with pytest.raises(NotFoundError):
            list_medoid_pictures(session, 999)
    names = [each.name for each in sorted((tmp_path / "medoids").iterdir())]
    assert len(names) == done.written > 0
    assert all(name.startswith("cluster_0") for name in names)


def test_a_video_has_the_length_that_was_asked_for_and_the_colours_of_its_runs(performed, result_id, tmp_path):
    import av

    settings = VideoSettings(size=(640, 360), frames_per_second=10, seconds_per_step=0.3, seconds_per_title=0.5)
    done = []
    path = tmp_path / "video.mp4"
    with performed.session() as session:
        steps = count_steps(session, None, settings)
        export_video(session, path, clustering_result_id=result_id, settings=settings, advance=done.append)
        run = painted(session)
        first = StillReader(session, result_id, as_it_is).read_run(run, [(0, 1)])[0]
    assert sum(done) == steps
    with av.open(io.BytesIO(path.read_bytes())) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 3 * steps + 5 * 2  # two networks, each with a title card
    assert frames[0].shape == (360, 640, 3)
    shown = frames[6].astype(int)  # the first step of the first network
    for colour in (ImageColor.getrgb(first.colour), first.picture.getpixel((0, 0)), first.picture.getpixel((15, 15))):
        assert (np.abs(shown - colour).max(axis=-1) <= 24).sum() > 100


def test_a_run_that_ends_before_the_others_stays_dimmed(store, tmp_path):
    import av

    performed = store
    seeded = CONFIG.model_copy(update={"seeds": (3, 4), "num_runs": 0})  # so that no colour is left to chance
    perform_experiment(seeded, store, registry=MODELS)
    with performed.session() as session:
        runs = [run for run in load_shown_runs(session) if "FakePainter" in run.network]
    short = runs[0].run_id
    with performed.transaction() as session:
        late = select(Invocation.id).where(Invocation.run_id == short, Invocation.sequence_number >= 4)
        ids = session.scalars(late).all()
        embeddings = session.scalars(select(Embedding.id).where(Embedding.invocation_id.in_(ids))).all()
        session.execute(delete(EmbeddingVector).where(EmbeddingVector.embedding_id.in_(embeddings)))
        session.execute(delete(Embedding).where(Embedding.id.in_(embeddings)))
        session.execute(delete(Invocation).where(Invocation.id.in_(ids)))
    settings = VideoSettings(size=(640, 360), frames_per_second=10, seconds_per_step=0.1, seconds_per_title=0.1)
    with performed.session() as session:
        experiment = session.get_one(Run, short).experiment_id
        export_video(session, tmp_path / "video.mp4", experiment_id=experiment, settings=settings)
        last = StillReader(session, None, as_it_is).read_run(painted(session), [(2, 3)])[0]
    with av.open(str(tmp_path / "video.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    colour = np.array(last.picture.getpixel((0, 0)))
    dimmed = 255 + 0.35 * (colour - 255)
    seen = [int((np.abs(frame - dimmed).max(axis=-1) <= 12).sum()) for frame in frames[1:6]]
    assert max(seen[:2]) < 500 < 1000 < min(seen[2:])
