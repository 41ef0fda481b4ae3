import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, UnidentifiedImageError

from loopscope.imaging.codec import decode_picture, encode_picture, hash_picture

pixel_arrays = hnp.arrays(
    np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24), st.just(3)), elements=st.integers(0, 255)
)


@given(pixel_arrays)
def test_a_picture_comes_back_pixel_for_pixel(pixels):
    image = Image.fromarray(pixels)
    encoded = encode_picture(image)
    decoded = decode_picture(encoded.data)

    assert (encoded.height, encoded.width) == pixels.shape[:2]
    assert decoded.mode == "RGB"
    assert np.array_equal(np.asarray(decoded), pixels)
    assert hash_picture(decoded) == hash_picture(image)


@given(pixel_arrays, st.data())
def test_one_changed_value_changes_the_hash(pixels, data):
    changed = pixels.copy()
    index = tuple(data.draw(st.integers(0, side - 1)) for side in pixels.shape)
    changed[index] ^= 1

    assert hash_picture(Image.fromarray(pixels)) != hash_picture(Image.fromarray(changed))


def test_a_noisy_picture_of_the_usual_size_comes_back():
    pixels = np.random.default_rng(5).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(decode_picture(encode_picture(Image.fromarray(pixels)).data)), pixels)


def test_a_picture_too_large_for_webp_becomes_png():
    image = Image.new("RGB", (16_384, 2), (9, 8, 7))
    encoded = encode_picture(image)

    assert encoded.media_type == "image/png"
    assert encoded.data.startswith(b"\x89PNG")
    assert decode_picture(encoded.data).tobytes() == image.tobytes()


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("L", (3, 2), 90), (90, 90, 90)),
        (Image.new("1", (3, 2), 1), (255, 255, 255)),
        (Image.new("RGBA", (3, 2), (200, 0, 0, 0)), (255, 255, 255)),
        (Image.new("RGBA", (3, 2), (200, 0, 0, 255)), (200, 0, 0)),
        (Image.new("LA", (3, 2), (0, 51)), (204, 204, 204)),
        (Image.new("CMYK", (3, 2), (0, 0, 0, 255)), (0, 0, 0)),
        (Image.fromarray(np.full((2, 3), 0x5AFF, dtype=np.uint16)), (0x5A, 0x5A, 0x5A)),
    ],
    ids=lambda value: getattr(value, "mode", None),
)
def test_other_modes_become_rgb_on_white(image, expected):
    assert decode_picture(encode_picture(image).data).getpixel((1, 1)) == expected


def test_the_pixels_are_in_memory_once_decoded():
    data = bytearray(encode_picture(Image.new("RGB", (8, 8), "teal")).data)
    image = decode_picture(bytes(data))
    data[:] = b"\0" * len(data)

    assert image.getpixel((7, 7)) == (0, 128, 128)
    assert type(image) is Image.Image


def test_bytes_that_are_no_picture_are_refused():
    with pytest.raises(UnidentifiedImageError):
        decode_picture(b"a small red fox")


def test_the_hash_is_128_bits_and_stable():
    assert hash_picture(Image.new("RGB", (2, 1), (1, 2, 3))) == "10c461fcbafd633cc8d031bc1713d1df"
