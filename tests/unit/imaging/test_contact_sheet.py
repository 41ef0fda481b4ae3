import numpy as np

from loopscope.imaging.contact_sheet import CELL, GAP, HEADING_WIDTH, MARGIN, SCALE, SheetRow, draw_contact_sheet


def row(stills, group="A → B", ending="cycle of 2"):
    return SheetRow(group, "a fox", "seed 1", stills, ending)


def test_cells_stand_in_the_column_of_their_step(make_still, colours, find_box):
    stills = [make_still(n, colour=colour, cluster_id=n) for n, colour in enumerate(colours[:4])]
    image = draw_contact_sheet([row(stills)], [0, 2, 4, 6], "Runs", "one")
    for column, colour in enumerate(colours[:4]):
        left, _, right, _ = find_box(image, colour)
        assert left == (MARGIN + HEADING_WIDTH + column * (CELL + GAP)) * SCALE
        assert right - left == CELL * SCALE


def test_a_run_that_ended_says_so_once_and_leaves_the_rest_empty(make_still):
    image = draw_contact_sheet([row([make_still(0), None, None, None])], [0, 2, 4, 6], "Runs", "one")
    pixels = np.asarray(image)[-(MARGIN + CELL) * SCALE :]
    cells = [MARGIN + HEADING_WIDTH + column * (CELL + GAP) for column in range(4)]
    inked = [bool((pixels[:, x * SCALE : (x + CELL) * SCALE] < 250).any()) for x in cells]
    assert inked == [True, True, False, False]


def test_rows_of_a_group_share_a_heading(make_still):
    def height(*groups):
        rows = [row([make_still(0)], group) for group in groups]
        return draw_contact_sheet(rows, [0], "Runs", "some").height

    assert height("A", "A", "B") - height("A", "A", "A") == height("A", "B", "C") - height("A", "A", "C") > 0


def test_nothing_is_written_into_the_margin(make_still):
    words = "Antidisestablishmentarianism " * 20
    rows = [SheetRow(words, words, words, [make_still(0, picture=False, caption=words), None, None], words)] * 2
    pixels = np.asarray(draw_contact_sheet(rows, [0, 1, 2], words, words))
    edge = (MARGIN - 1) * SCALE
    for part in (pixels[:edge], pixels[-edge:], pixels[:, :edge], pixels[:, -edge:]):
        assert (part == 255).all()
