"""The page: sections with their answers, put together into one HTML file that needs no other."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

from loopscope.export.report.answer import Answer, Section
from loopscope.export.report.downloading import write_link
from loopscope.export.report.drawing import draw_markup

STYLE = "style.css"


@dataclass(frozen=True)
class Answered:
    """A section as it stands in the page.

    Attributes
    ----------
    section
        The question.
    first
        The answer's first sentence, for the table of contents; None where there is no answer.
    markup
        All of it.
    """

    section: Section
    first: str | None
    markup: str


def write_section(section: Section, answer: Answer) -> Answered:
    """Write a section with its answer; the charts are drawn here."""
    parts = [f'<section id="{section.anchor}">', f"<h2>{escape(section.question)}</h2>"]
    if answer.sentences:
        first, *others = answer.sentences
        parts.append(f'<p class="answer">{say(first)}</p>')
        if others:
            parts.append(f'<ul class="more">{"".join(f"<li>{say(sentence)}</li>" for sentence in others)}</ul>')
    if answer.lacking:
        items = "".join(f"<li>{say(reason)}</li>" for reason in answer.lacking)
        parts.append(f'<div class="lacking"><p>Could not be computed:</p><ul>{items}</ul></div>')
    for number, figure in enumerate(answer.figures):
        name = f"{section.anchor}-{number}"
        drawn = figure.drawn
        markup = drawn if isinstance(drawn, str) else draw_markup(drawn, name=name, alt=figure.alt)
        note = f"<figcaption>{say(figure.note)}</figcaption>" if figure.note else ""
        parts.append(f"<figure>{markup}{note}</figure>")
    if answer.downloads:
        links = "; ".join(write_link(each.name, each.frame) for each in answer.downloads)
        parts.append(f'<p class="downloads">The numbers behind this: {links}</p>')
    parts.append("</section>")
    return Answered(section, answer.sentences[0] if answer.sentences else None, "\n".join(parts))


def say(sentence: str) -> str:
    """Escape a sentence; what stands between backticks is set as code.

    >>> say("a < b: `loopscope run list`")
    'a &lt; b: <code>loopscope run list</code>'
    """
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(sentence, quote=False))


def write_page(
    title: str, facts: Mapping[str, Any], answered: Sequence[Answered], reading: Mapping[str, Sequence[tuple[str, str]]]
) -> str:
    """Write the whole page.

    Parameters
    ----------
    title
        Its title.
    facts
        What the report is about, by name; the lines of a list stand below one another.
    answered
        The sections.
    reading
        Definitions under headings, each a term and what it means.
    """
    style = files("loopscope.export.report").joinpath(STYLE).read_text("utf-8")
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="generator" content="Loopscope">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{style}</style>",
            "</head>",
            "<body>",
            "<main>",
            f"<header><h1>{escape(title)}</h1>{_write_facts(facts)}</header>",
            _write_contents(answered),
            *(each.markup for each in answered),
            _write_reading(reading),
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _write_facts(facts: Mapping[str, Any]) -> str:
    rows = []
    for name, value in facts.items():
        lines = [value] if isinstance(value, str) else list(value)
        rows.append(f"<dt>{escape(name)}</dt><dd>{'<br>'.join(say(str(line)) for line in lines)}</dd>")
    return f"<dl>{''.join(rows)}</dl>"


def _write_contents(answered: Sequence[Answered]) -> str:
    items = [
        f'<li><a href="#{each.section.anchor}">{escape(each.section.question)}</a> '
        f"<span>{say(each.first or 'This could not be computed.')}</span></li>"
        for each in answered
    ]
    items.append('<li><a href="#reading">How to read this</a> <span>What is measured, and against what.</span></li>')
    return f'<nav aria-label="Contents"><h2>In short</h2><ol>{"".join(items)}</ol></nav>'


def _write_reading(reading: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    parts = ['<section id="reading">', "<h2>How to read this</h2>"]
    for heading, terms in reading.items():
        parts.append(f"<h3>{escape(heading)}</h3>")
        entries = "".join(f"<dt>{escape(term)}</dt><dd>{say(meaning)}</dd>" for term, meaning in terms)
        parts.append(f'<dl class="terms">{entries}</dl>')
    return "\n".join([*parts, "</section>"])
