import polars as pl

from loopscope.export.report.sections.drift import say_drift


def drift(since, *means, null=0.89):
    band = (None, None) if null is None else (null - 0.02, null + 0.02)
    return pl.DataFrame(
        [
            {
                "network": "A→B", "generator": "B", "embedding_model": "MiniLM", "quantity": f"drift_from_{since}",
                "t": t, "estimate": mean, "lower": mean - 0.03, "upper": mean + 0.03, "n_runs": 25,
                "null_mean": null, "null_lower": band[0], "null_upper": band[1],
                "null_p": None if null is None else 0.01,
            }
            for t, mean in enumerate(means)
        ],
        infer_schema_length=None,
    )  # fmt: skip


def test_drift_at_the_last_step_stands_beside_that_of_other_prompts():
    [said] = say_drift(drift("prompt", 0.5, 0.7, 0.86), "MiniLM", "prompt")
    assert "step 2 of its type, is 0.86 [0.83, 0.89] (mean 1 − cosine over 25 runs) from its prompt" in said
    assert "outputs of runs of other prompts are 0.89 [0.87, 0.91] away, p = 0.01" in said
    assert "The first was 0.5 [0.47, 0.53] away" in said
    assert "1 is unrelated" not in said


def test_of_one_prompt_there_is_nothing_to_compare_with():
    [said] = say_drift(drift("start", 0.0, 0.4, null=None), "MiniLM", "start")
    assert "from its first; there is no run of another prompt to compare with" in said


def test_a_run_of_one_output_has_no_first_beside_its_last():
    [said] = say_drift(drift("prompt", 0.5), "MiniLM", "prompt")
    assert "a run's only output is 0.5" in said
    assert "The first was" not in said
