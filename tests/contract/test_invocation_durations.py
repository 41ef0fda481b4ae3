"""The frame of durations on SQLite and PostgreSQL alike."""

import pytest
from sqlalchemy import update

from loopscope.data_prep import load_invocation_durations_df
from loopscope.schemas import Invocation


def test_each_model_s_share_of_the_time(filled):
    with filled.transaction() as session:
        session.execute(update(Invocation).where(Invocation.model == "Describe").values(seconds=1.5))
    with filled.session() as session:
        frame = load_invocation_durations_df(session, 1)
        by_prompt = load_invocation_durations_df(session, 1, by=("initial_prompt",))
        everything = load_invocation_durations_df(session)
    assert frame["model"].to_list() == ["Describe", "Paint"]
    assert frame["n"].to_list() == [5, 6]
    assert frame["total"].to_list() == [7.5, 3.0]
    assert frame["estimate"].to_list() == pytest.approx([7.5 / 10.5, 3 / 10.5])
    assert frame["n_runs"].to_list() == [2, 2]
    assert (frame["lower"] <= frame["estimate"]).all()
    assert (frame["upper"] >= frame["estimate"]).all()
    assert by_prompt["initial_prompt"].to_list() == ["a fox", "a fox", "a lake", "a lake"]
    assert by_prompt["lower"].is_null().all()
    assert by_prompt["estimate"][:2].sum() == pytest.approx(1)
    assert set(everything["experiment_id"]) == {1, 2}


def test_one_run_has_a_share_without_an_interval(filled):
    with filled.session() as session:
        [row] = load_invocation_durations_df(session, 2).to_dicts()
    assert (row["estimate"], row["lower"], row["reason"]) == (1.0, None, None)
    assert "no interval: one run" in row["method"]
