"""Frames into a video file: H.264 in MP4, which plays in browsers, or VP9 in WebM."""

import os
import secrets
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Protocol

from PIL import Image

from loopscope.errors import ExportError


@dataclass(frozen=True)
class _Codec:
    name: str
    options: dict[str, str]
    container: dict[str, str]


CODECS: Final = {
    ".mp4": _Codec("libx264", {"preset": "superfast", "crf": "19"}, {"movflags": "+faststart"}),
    ".webm": _Codec(
        "libvpx-vp9",
        {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "7", "row-mt": "1", "tile-columns": "2"},
        {},
    ),
}


class FrameWriter(Protocol):
    """Takes the frames of a video, in order."""

    def __call__(self, image: Image.Image, times: int) -> None:
        """Show a picture for so many frames."""


def check_video(path: Path) -> None:
    """Refuse a file that could not be written in the end.

    Raises
    ------
    ExportError
        If its suffix is none of ``CODECS``, or PyAV is not installed.
    """
    if path.suffix.lower() not in CODECS:
        raise ExportError(
            f"cannot write {path.name}: its suffix is {path.suffix or 'missing'}, expected {' or '.join(CODECS)}; "
            f"try {path.with_suffix('.mp4').name}"
        )
    try:
        import av  # noqa: F401
    except ImportError:
        raise ExportError("a video needs the package av: pip install 'loopscope[video]'") from None


@contextmanager
def encoded_video(path: Path, size: tuple[int, int], frames_per_second: int, title: str = "") -> Iterator[FrameWriter]:
    """Encode a video, a frame at a time; the file is there once all is written.

    Parameters
    ----------
    path
        Its suffix chooses the format; folders are made as needed.
    size
        Width and height, in pixels, both even.
    frames_per_second
        At least 1.

    Yields
    ------
    FrameWriter
        It takes RGB pictures of this size.

    Raises
    ------
    ExportError
        As of `check_video`.
    """
    check_video(path)
    import av

    codec = CODECS[path.suffix.lower()]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem[:100]}.{secrets.token_hex(8)}{path.suffix.lower()}")
    try:
        with av.open(str(part), "w", container_options=codec.container) as container:
            if title:
                container.metadata["title"] = title
            stream: Any = container.add_stream(codec.name, rate=frames_per_second, options=codec.options)
            _describe(stream, size, frames_per_second)
            with closing(_Writer(container, stream, frames_per_second)) as writer:
                yield writer
                writer.wait()
            container.mux(stream.encode(None))
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


class _Writer:
    """Encodes in a thread of its own, one picture behind, while the next is drawn."""

    def __init__(self, container: Any, stream: Any, frames_per_second: int) -> None:
        from av import VideoFrame

        self._container, self._stream = container, stream
        self._time_base = Fraction(1, frames_per_second)
        self._next = 0
        self._source = VideoFrame(stream.width, stream.height, "rgb0")
        self._thread = ThreadPoolExecutor(1)
        self._last: Future[None] | None = None

    def __call__(self, image: Image.Image, times: int) -> None:
        # A copy, since the image may be drawn on; as Pillow has it in memory, and each row as long as PyAV wants it.
        pixels = image.tobytes("raw", "RGBX", self._source.planes[0].line_size)
        self.wait()
        self._last = self._thread.submit(self._encode, pixels, times)

    def wait(self) -> None:
        """Wait until what was given so far is encoded."""
        if self._last is not None:
            self._last.result()

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def _encode(self, pixels: bytes, times: int) -> None:
        self._source.planes[0].update(pixels)
        frame = self._source.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
        for _ in range(times):
            frame.pts, frame.time_base = self._next, self._time_base
            self._container.mux(self._stream.encode(frame))
            self._next += 1


def _describe(stream: Any, size: tuple[int, int], frames_per_second: int) -> None:
    """Say in the file how large frames are and what their colours mean: without that, players guess."""
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.time_base = Fraction(1, frames_per_second)
    context.gop_size = 5 * frames_per_second  # to jump to any five seconds
    context.thread_count = 0
    bt709 = 1
    context.color_primaries = context.color_trc = context.colorspace = bt709
    context.color_range = 1  # limited, as players expect
