"""Makes the font of the pictograms: Noto Emoji, reduced to the characters that the catalogue names.

Not run by users. Needs fonttools and brotli, which the project does not depend on, and the npm package of the font::

    npm install @fontsource/noto-emoji
    pip install fonttools brotli
    python tools/make_pictogram_font.py node_modules/@fontsource/noto-emoji

It writes ``NotoEmoji.ttf`` and ``OFL.txt`` into ``src/loopscope/models/pictogram_set``. When the font or the catalogue
has changed, ``python tools/make_pictogram_arrays.py`` computes the shipped features and embeddings anew.
"""

import json
import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

PACKAGE = Path(__file__).parents[1] / "src/loopscope/models/pictogram_set"
WEIGHT = 500


def reduce_font(source: Path, characters: set[int]) -> TTFont:
    """Give the font with nothing but the outlines of ``characters``."""
    font = TTFont(source)
    options = Options(layout_features=[], hinting=False, notdef_outline=True, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14])
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    font.flavor = None
    return font


def main(package: str) -> None:
    """Write the font and its licence beside the catalogue."""
    catalogue = json.loads((PACKAGE / "pictograms.json").read_text(encoding="utf-8"))
    characters = {int(entry["code"], 16) for entry in catalogue.values()}
    font = reduce_font(Path(package) / f"files/noto-emoji-emoji-{WEIGHT}-normal.woff2", characters)
    absent = sorted(characters - set(font.getBestCmap()))
    if absent:
        sys.exit(
            f"{len(absent)} characters are not in the font, such as U+{absent[0]:X}: drop them from pictograms.json"
        )
    font["head"].modified = font["head"].created  # the same input gives the same bytes
    font.recalcTimestamp = False
    font.save(PACKAGE / "NotoEmoji.ttf")
    (PACKAGE / "OFL.txt").write_text((Path(package) / "LICENSE").read_text(encoding="utf-8"), encoding="utf-8")
    sys.stdout.write(f"{len(characters)} characters, {(PACKAGE / 'NotoEmoji.ttf').stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1])
