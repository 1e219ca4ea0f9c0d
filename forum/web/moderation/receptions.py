"""Moderators enter contributions that were received elsewhere, look at all of them first, and erase their author's
name."""

import re
from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from forum.domain.discussion import threads
from forum.domain.privacy import received_people
from forum.domain.receptions import reception_files, receptions
from forum.domain.receptions.reception_files import Cut
from forum.domain.receptions.receptions import TypedReception
from forum.errors import Invalid
from forum.models.posts import ReceptionOrigin
from forum.text.minutes_files import LONGEST_FILE
from forum.web.plumbing.doors import Desk, form_door
from forum.web.plumbing.forms import Form
from forum.web.plumbing.page import page, refused, to_place

_ROW = re.compile(r"ligne-([1-9][0-9]{0,5})", re.ASCII)
_TEMPLATE = "moderation/receive.html"


async def _desk(request: Request, form: Form | None) -> Desk:
    """The form; with the contributions as they were left, once they were shown."""
    desk = await receptions.reception_desk(request.state.viewer, request.path_params["number"], request.state.now)
    typed = _typed_rows(form) if form is not None else ()
    context = {
        "desk": desk,
        "rows": typed,
        "twins": await receptions.twins_of(desk, typed) if typed else {},
        "passed_over": (),
        "origins": ReceptionOrigin,
        "most_megabytes": LONGEST_FILE >> 20,
    }
    return Desk(context, Form.empty(fil=request.query_params.get("fil", ""), decoupe=Cut.ONE, date=""))


@form_door(_TEMPLATE, _desk, upload=LONGEST_FILE)
async def enter(request: Request, form: Form) -> Response:
    """The form of contributions received elsewhere: nothing is written before they were shown and sent again."""
    number, now = request.path_params["number"], request.state.now
    if form.values["acte"] == "enregistrer":
        kept = [each for each in _typed_rows(form) if each.kept]
        entered = await receptions.enter(
            request.state.viewer, number, form.integer("fil"), form.text("titre"), kept, now
        )
        return to_place(request, entered.post, *await threads.find_post(entered.post), notice="contributions-saisies")
    form = _without_rows(form)
    desk = await _desk(request, None)
    if form.values["acte"] == "recommencer":
        return await page(request, _TEMPLATE, {**desk.context, "form": form})
    receptions.check_place(desk.context["desk"], form.integer("fil"), form.text("titre"))
    return await _shown(request, form)


async def _shown(request: Request, form: Form) -> Response:
    """The contributions that were found in what was sent, each with what is wrong with it."""
    cut = _cut(form)
    form = await _with_file(form, cut)
    found = await reception_files.find_receptions(form.text("source"), cut, _usual(form))
    desk = await receptions.reception_desk(request.state.viewer, request.path_params["number"], request.state.now)
    twins = await receptions.twins_of(desk, found.typed)
    typed = [replace(each, kept=each.kept and each.line not in twins) for each in found.typed]
    form = form.with_values(**_fields(typed))
    context = {**(await _desk(request, form)).context, "passed_over": found.passed_over}
    try:
        await receptions.check_receptions(desk, [each for each in typed if each.kept], request.state.now)
    except Invalid as problem:
        return await refused(request, _TEMPLATE, context, form, problem)
    return await page(request, _TEMPLATE, {**context, "form": form})


def _cut(form: Form) -> Cut:
    try:
        return Cut(form.text("decoupe") or Cut.ONE)
    except ValueError:
        raise Invalid("Ce choix n’existe pas.", field="decoupe") from None


async def _with_file(form: Form, cut: Cut) -> Form:
    """The form, with the text of the file in place of a typed one.

    Raises:
        Invalid: both were given, or the file cannot be read.
    """
    if not form.file:
        return form
    if form.text("source").strip():
        raise Invalid("Choisissez un fichier, ou collez un texte : pas les deux.", field="fichier")
    try:
        return form.with_values(source=await reception_files.text_in(form.file, cut))
    except Invalid as problem:
        raise Invalid(problem.message, field="fichier", values=problem.values) from None


def _usual(form: Form) -> TypedReception:
    """What holds of each contribution that says nothing else."""
    label = {each.value: each.label for each in ReceptionOrigin if each is not ReceptionOrigin.OTHER}
    way = label.get(form.text("origine"), form.text("voie"))
    return TypedReception(0, "", form.text("nom"), form.text("organisation"), form.text("date"), way)


# The fields of a contribution, numbered by its line.
_FIELDS = ("ligne", "nom", "organisation", "date", "origine")


def _fields(typed: Sequence[TypedReception]) -> dict[str, str]:
    """The contributions as fields of the form."""
    values: dict[str, str] = {}
    for each in typed:
        words = (each.words, each.name, each.organisation, each.day, each.origin)
        values |= {f"{name}-{each.line}": value for name, value in zip(_FIELDS, words, strict=True)}
        values |= {f"garder-{each.line}": "1"} if each.kept else {}
    return values


def _typed_rows(form: Form) -> tuple[TypedReception, ...]:
    """The contributions as the moderator left them, in their order."""
    lines = sorted(int(found[1]) for name in form.raw if (found := _ROW.fullmatch(name)))
    return tuple(
        TypedReception(
            line,
            form.text(f"ligne-{line}"),
            form.text(f"nom-{line}"),
            form.text(f"organisation-{line}"),
            form.text(f"date-{line}"),
            form.text(f"origine-{line}"),
            kept=form.checked(f"garder-{line}"),
            twins=form.integer(f"doubles-{line}") or 0,
        )
        for line in lines
    )


def _without_rows(form: Form) -> Form:
    """The form as it was before the contributions were shown."""
    numbered = re.compile(rf"(?:{'|'.join(_FIELDS)}|garder|doubles)-[0-9]+")
    return Form({name: some for name, some in form.raw.items() if not numbered.fullmatch(name)}, file=form.file)


async def _correction(request: Request, _: Form | None) -> Desk:
    post, kept = await receptions.reception_to_correct(
        request.state.viewer, request.path_params["post"], request.state.now
    )
    first = Form.empty(nom=kept.name, organisation=kept.organisation, date=kept.day, origine=kept.origin)
    newer = {"vu": receptions.mark_of(kept)}
    return Desk({"post": post, "kept": kept}, first.with_values(**newer), newer=newer)


@form_door("moderation/correct_received.html", _correction)
async def correct(request: Request, form: Form) -> Response:
    """Correct what was typed of a contribution that was received elsewhere; its words stay."""
    post = request.path_params["post"]
    said = TypedReception(0, "", form.text("nom"), form.text("organisation"), form.text("date"), form.text("origine"))
    viewer, now = request.state.viewer, request.state.now
    # A caller who was shown nothing replaces what is there.
    seen = form.text("vu") or receptions.mark_of((await receptions.reception_to_correct(viewer, post, now))[1])
    await receptions.correct_reception(viewer, post, said, seen, now)
    return to_place(request, post, *await threads.find_post(post), notice="reception-corrigee")


async def _person(request: Request, _: Form | None) -> Desk:
    found = await received_people.received_person(request.state.viewer, request.path_params["post"], request.state.now)
    newer = {"vu": len(found.posts)}
    return Desk({"person": found}, Form.empty(**newer), newer=newer)


@form_door("moderation/erase_received.html", _person)
async def erase(request: Request, form: Form) -> Response:
    """Erase the name of the author of contributions that were received elsewhere."""
    form.require_confirmation()
    post = request.path_params["post"]
    await received_people.erase_received(request.state.viewer, post, form.integer("vu"), request.state.now)
    return to_place(request, post, *await threads.find_post(post), notice="nom-efface")
