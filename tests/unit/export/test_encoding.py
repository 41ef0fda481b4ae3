import builtins

import numpy as np
import pytest
from PIL import Image

from loopscope.errors import ExportError
from loopscope.export.encoding import check_video, encoded_video

SIZE = (128, 64)
COLOURS = ((0, 114, 178), (230, 159, 0), (204, 121, 167), (255, 255, 255), (34, 34, 34))


def decode(path):
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        return stream, frames, float(stream.average_rate)


@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "h264"), (".webm", "vp9")])
def test_a_video_decodes_to_the_frames_that_went_in(tmp_path, suffix, codec):
    path = tmp_path / f"folder/video{suffix}"
    with encoded_video(path, SIZE, 25, "a title") as write:
        for colour in COLOURS:
            write(Image.new("RGB", SIZE, colour), 3)
    stream, frames, rate = decode(path)
    assert (stream.codec_context.name, rate) == (codec, 25)
    assert stream.codec_context.pix_fmt == "yuv420p"
    assert len(frames) == 3 * len(COLOURS)
    for place, frame in enumerate(frames):
        assert frame.shape == (64, 128, 3)
        assert np.abs(frame.astype(int) - COLOURS[place // 3]).max() <= 8


@pytest.mark.parametrize("size", [(50, 70), (322, 36)])
def test_a_width_whose_rows_are_padded_keeps_its_columns_in_place(tmp_path, size):
    image = Image.new("RGB", size, "white")
    image.paste("black", (size[0] // 2, 0, *size))
    with encoded_video(tmp_path / "video.mp4", size, 25) as write:
        write(image, 2)
    _, frames, _ = decode(tmp_path / "video.mp4")
    assert all(frame[:, : size[0] // 2 - 4].min() > 240 for frame in frames)
    assert all(frame[:, size[0] // 2 + 4 :].max() < 15 for frame in frames)


def test_an_image_may_be_drawn_on_once_it_was_given(tmp_path):
    image = Image.new("RGB", SIZE, "red")
    with encoded_video(tmp_path / "video.mp4", SIZE, 25) as write:
        for _ in range(4):
            write(image, 1)
            image.paste("blue", (0, 0, *SIZE))
            write(image, 1)
            image.paste("red", (0, 0, *SIZE))
    _, frames, _ = decode(tmp_path / "video.mp4")
    assert [bool(frame[..., 0].mean() > 128) for frame in frames] == [True, False] * 4


def test_the_index_of_an_mp4_stands_before_its_frames_so_that_browsers_begin_at_once(tmp_path):
    with encoded_video(tmp_path / "video.mp4", SIZE, 25) as write:
        write(Image.new("RGB", SIZE, "red"), 50)
    data = (tmp_path / "video.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def write_and_fail(path, error):
    with encoded_video(path, SIZE, 25) as write:
        write(Image.new("RGB", SIZE, "red"), 30)
        raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_ends_in_the_middle_leaves_nothing(tmp_path, error):
    (tmp_path / "video.mp4").write_bytes(b"an earlier one")
    with pytest.raises(error):
        write_and_fail(tmp_path / "video.mp4", error)
    assert [each.name for each in tmp_path.iterdir()] == ["video.mp4"]
    assert (tmp_path / "video.mp4").read_bytes() == b"an earlier one"


def test_a_frame_that_cannot_be_encoded_ends_it_with_its_fault(tmp_path, monkeypatch):
    from loopscope.export import encoding

    def fail(*_):
        raise RuntimeError("the encoder is broken")

    monkeypatch.setattr(encoding._Writer, "_encode", fail)
    with (
        pytest.raises(RuntimeError, match="the encoder is broken"),
        encoded_video(tmp_path / "video.mp4", SIZE, 25) as write,
    ):
        write(Image.new("RGB", SIZE, "red"), 1)
    assert list(tmp_path.iterdir()) == []


def test_without_av_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **options):
        if name == "av":
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ExportError) as refused:
        check_video(tmp_path / "video.mp4")
    assert str(refused.value) == "a video needs the package av: pip install 'loopscope[video]'"


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(ExportError, match=r"\.avi, expected \.mp4 or \.webm; try video\.mp4"):
        check_video(tmp_path / "video.avi")
