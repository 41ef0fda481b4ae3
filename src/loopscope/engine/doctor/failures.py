"""Whether a run that says that an embedding failed still lacks one."""

from collections.abc import Iterator

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session

from loopscope.engine.doctor.fault import Fault, Mend
from loopscope.engine.doctor.imported import of_imported_experiment
from loopscope.schemas import Embedding, EmbeddingModel, Experiment, Invocation, PromptEmbedding, Run
from loopscope.types import OutputType


def check_failures(session: Session) -> Iterator[Fault]:
    """Check the failures of runs whose invocations went well: the embeddings that failed may have been made since.

    The failure of an imported run says what could not be brought over, and stays.
    """
    statement = (
        select(Run, Experiment.config)
        .join(Experiment, Experiment.id == Run.experiment_id)
        .where(Run.failure.is_not(None), Run.stop_reason.is_distinct_from("failed"), ~of_imported_experiment())
        .order_by(Run.id)
    )
    runs = session.execute(statement).all()
    models = session.scalars(select(EmbeddingModel)).all() if runs else ()
    lacking = {model.name: set(session.scalars(_runs_that_lack(model))) for model in models}
    for run, config in runs:
        names = config.get("embedding_models") or ()
        if all(name in lacking and run.id not in lacking[name] for name in names):
            mend = Mend(Run, {"id": run.id}, {"failure": run.failure}, {"failure": None})
            row = {"id": run.id, "uuid": run.uuid}
            yield Fault("run", row, f"failure: {run.failure}", "none, since nothing is missing", mend=mend)


def _runs_that_lack(model: EmbeddingModel) -> Select[int]:
    """Select the runs with a failure in which the model has not embedded everything it takes."""
    embedded = exists().where(Embedding.invocation_id == Invocation.id, Embedding.embedding_model_id == model.id)
    an_output = exists().where(Invocation.run_id == Run.id, Invocation.output_type == model.takes, ~embedded)
    prompt = exists().where(PromptEmbedding.run_id == Run.id, PromptEmbedding.embedding_model_id == model.id)
    missing = or_(an_output, ~prompt) if model.takes == OutputType.TEXT else an_output
    return select(Run.id).where(Run.failure.is_not(None), missing)
