"""Reading order: lines, and the places where something is missing."""

from itertools import permutations

from loopscope.models.page_order import Piece, in_reading_order
from loopscope.models.proofreading import HIDDEN


def piece(text: str, left: float, middle: float = 10) -> Piece:
    """Give a piece in a line 20 pixels high, ten pixels a letter."""
    return Piece(left, left + 10 * len(text), middle, 20, text)


def test_pieces_are_read_line_by_line_from_the_left_in_whatever_order_they_come() -> None:
    # The lines climb to the right, as on a skewed page.
    pieces = [piece("red", 0, 12), piece("fox", 36, 8), piece("a", 0, 46), piece("lake", 16, 41)]
    assert {in_reading_order(order) for order in permutations(pieces)} == {"red fox a lake"}


def test_nothing_is_read_where_nothing_is() -> None:
    assert in_reading_order([]) == ""


def test_a_gap_as_wide_as_a_word_holds_a_hidden_word() -> None:
    assert in_reading_order([piece("red", 0), piece("fox", 36)]) == "red fox"
    assert in_reading_order([piece("red", 0), piece("fox", 60)]) == f"red {HIDDEN} fox"


def test_a_smaller_gap_holds_letters_of_one_word() -> None:
    assert in_reading_order([piece("gir", 0), piece("fe", 42)]) == "girfe"


def test_a_line_that_begins_late_lacks_its_first_word() -> None:
    assert in_reading_order([piece("red", 0), piece("fox", 30, 40)]) == f"red {HIDDEN} fox"


def test_a_line_that_had_room_for_the_next_word_lacks_its_last() -> None:
    long, short = piece("a-very-long-line", 0), piece("short-line", 0, 40)
    assert in_reading_order([long, short, piece("of", 0, 70)]) == f"a-very-long-line short-line {HIDDEN} of"
    assert in_reading_order([long, short, piece("another", 0, 70)]) == "a-very-long-line short-line another"
