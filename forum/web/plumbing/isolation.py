"""How does a page keep the words of people from turning ours round? Whatever a template writes between two tags is set
apart in a <bdi>, when it could; so no template has to think of it, and none can forget.

In an attribute, in a title and in what people go on editing there is no room for an element: those are left as they
are, but for titles, which take the signs of Unicode instead. Blanks of a translated sentence take these too.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from jinja2 import Environment, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context
from markupsafe import Markup

from forum.text.directions import isolate, turns, without_turns

# What stands in a template: a comment, a statement, an output; and in HTML: a comment, the beginning of a tag, its end.
_PIECES = re.compile(
    r"(?P<comment>\{#.*?#\}|<!--.*?-->)|(?P<statement>\{%.*?%\})|\{\{(?P<output>.*?)\}\}|<(?P<tag>/?[a-zA-Z][\w-]*)|(?P<end>>)",
    re.DOTALL,
)
_WORD = re.compile(r"\{%[-+]?\s*(\w+)(?:\s+(\w+))?")
# Elements whose content is text, never elements; people go on editing some of it, and programs read the rest.
_SIGNS_ONLY = frozenset({"title", "option"})
_AS_TYPED = frozenset({"textarea", "script", "style"})


class Isolation(Extension):
    """Sends what a template writes through the filters `isolated` and, in titles, `isolated_text`."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        if not (name or "").endswith(".html"):
            return source
        whereabouts = _Whereabouts()
        return _PIECES.sub(whereabouts.read, source)


class _Whereabouts:
    """Where in the HTML of a template the next output stands."""

    def __init__(self) -> None:
        self.in_tag = False
        self.element = ""
        self.in_sentence = False
        self.in_title = False

    def read(self, found: re.Match[str]) -> str:
        if found["tag"]:
            self.in_tag = True
            self.element = found["tag"].lower()
        elif found["end"]:
            self.in_tag = False
        elif found["statement"]:
            self._enter(found["statement"])
        elif found["output"] is not None and not self.in_tag and not self.in_sentence:
            return self._isolated(found["output"])
        return found.group()

    def _enter(self, statement: str) -> None:
        word = _WORD.match(statement)
        match (word[1], word[2]) if word else ("", None):
            case "trans" | "blocktrans", _:
                self.in_sentence = True
            case "endtrans", _:
                self.in_sentence = False
            case "block", "title":
                self.in_title = True
            case "endblock", _:
                self.in_title = False

    def _isolated(self, output: str) -> str:
        chosen = "isolated"
        if self.in_title or self.element in _SIGNS_ONLY:
            chosen = "isolated_text"
        elif self.element in _AS_TYPED:
            return "{{" + output + "}}"
        before = output[0] if output[:1] in ("-", "+") else ""
        after = "-" if output.endswith("-") else ""
        inner = output[len(before) : len(output) - len(after)]
        return f"{{{{{before} ({inner})|{chosen} {after}}}}}"


def isolated(words: Any) -> Any:
    """Words of people as an element of a page."""
    if type(words) is not str or not turns(words):
        return words
    return Markup("<bdi>{}</bdi>").format(without_turns(words))


def set_apart(environment: Environment, instead: Mapping[str, str]) -> None:
    """Give an environment with `Isolation` its filters, once its functions of translation are installed. `instead` are
    words of ours that stand where people's words are not shown, in the language of the environment."""
    environment.filters.update(isolated=_said(isolated, instead), isolated_text=_said(isolate, instead))
    for name in ("gettext", "ngettext"):
        environment.globals[name] = _isolating(environment.globals[name], _said(isolate, instead))


def _said(set_words: Callable[[Any], Any], instead: Mapping[str, str]) -> Callable[[Any], Any]:
    """A filter that says our words in the language of the reader; where it is theirs already, nothing is looked up."""
    if not instead:
        return set_words
    return lambda words: set_words(instead.get(words, words) if type(words) is str else words)


def _isolating(translate: Any, set_words: Callable[[Any], Any]) -> Callable[..., str]:
    """A function of translation whose blanks are set apart from its sentence."""

    @pass_context
    def translated(context: Context, *words: Any, **blanks: Any) -> str:
        said: Any = context.call(translate, *words, **{name: set_words(value) for name, value in blanks.items()})
        return cast(str, said)

    return translated
