"""All that the domain may raise. Each carries the French sentence that the person reads (translated at the door).

The doors turn them into answers in one place (`forum/web/plumbing/refusals.py`). Nothing else is caught.
"""

import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager


class CahierError(Exception):
    """A refusal with the sentence that explains it; `values` fill the `{placeholders}` after translation."""

    def __init__(self, message: str, *, field: str | None = None, values: Mapping[str, object] | None = None):
        super().__init__(message)
        self.message = message
        self.field = field
        self.values = dict(values or {})

    def __str__(self) -> str:
        return self.message.format(**self.values) if self.values else self.message


class NotFound(CahierError):
    """The thing does not exist, or this person may not know that it does (both answer 404, alike)."""

    def __init__(self, message: str = "Cette page n’existe pas ou n’est pas publique."):
        super().__init__(message)


class SignInRequired(CahierError):
    """A visitor asked for something that members do; the door leads to the sign-in page and back."""

    def __init__(self, message: str = "Connectez-vous pour continuer."):
        super().__init__(message)


class NotAllowed(CahierError):
    """The person is known and may not do this (403); the sentence says why."""


class Unreadable(CahierError):
    """What was sent is not in the format that it says to be (400): nothing of it can be shown again."""


class Invalid(CahierError):
    """What was sent cannot be accepted (422); `field` names the form field that caused it, None for the whole form."""

    @property
    def problems(self) -> "tuple[Invalid, ...]":
        """Each thing that is wrong, in the order of the form."""
        return (self,)


class InvalidForm(Invalid):
    """Several things are wrong at once; a form shows them all, not just the first."""

    def __init__(self, problems: Sequence[Invalid]):
        super().__init__(problems[0].message, field=problems[0].field, values=problems[0].values)
        self._problems = tuple(problems)

    @property
    def problems(self) -> tuple[Invalid, ...]:
        return self._problems


class Checks:
    """Collects what is wrong with a form: `with checks.field("title"): …` for each, then `checks.done()`."""

    def __init__(self) -> None:
        self._problems: dict[str, list[Invalid]] = {}

    @contextmanager
    def field(self, name: str) -> Iterator[None]:
        """Errors raised inside are about this field; a field checked twice keeps its first place."""
        problems = self._problems.setdefault(name, [])
        try:
            yield
        except Invalid as problem:
            for one in problem.problems:
                problems.append(Invalid(one.message, field=one.field or name, values=one.values))

    def done(self) -> None:
        """Raises:
        InvalidForm: at least one check refused.
        """
        problems = [one for some in self._problems.values() for one in some]
        if problems:
            raise InvalidForm(problems)


class Conflict(CahierError):
    """What was asked does not go with how things stand (409): a full quota, a closed vote, somebody who was quicker.
    The sentence says which; nothing of what was typed is lost."""


class TooMany(CahierError):
    """Too many tries in too short a time (429); `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: int, values: Mapping[str, object] | None = None):
        super().__init__(message, values=values)
        self.retry_after = retry_after


class Unavailable(CahierError):
    """A service that the answer needs cannot be reached right now (503)."""


class TooBusy(Unavailable):
    """So much is sent at once that this waited too long: nothing of it is written (503)."""

    def __init__(
        self,
        message: str = "Trop d’envois arrivent en ce moment : le vôtre n’est pas enregistré. Réessayez dans quelques "
        "instants.",
    ):
        super().__init__(message)


class CannotStart(CahierError):
    """The process must not start: a setting, a theme file, a database. One line says which and why."""


_PLAIN: tuple[tuple[type[OSError], str], ...] = (
    (ConnectionRefusedError, "connexion refusée"),
    (ConnectionError, "connexion perdue"),
    (TimeoutError, "pas de réponse à temps"),
    (socket.gaierror, "adresse inconnue"),
    (PermissionError, "accès refusé"),
    (FileNotFoundError, "introuvable"),
    (FileExistsError, "un fichier est à cette place"),
    (NotADirectoryError, "ce n’est pas un dossier"),
    (IsADirectoryError, "c’est un dossier"),
)
_NUMBER = re.compile(r"^\[Errno -?\d+\] ")


def plain_reason(problem: BaseException) -> str:
    """Why the system or a service refused, for the person at the shell: no error number, no class, no traceback."""
    one: BaseException | None = problem
    while one is not None:
        for kind, words in _PLAIN:
            if isinstance(one, kind):
                return words
        one = one.__cause__ or one.__context__ or next((a for a in one.args if isinstance(a, BaseException)), None)
    return _NUMBER.sub("", " ".join(str(problem).split()))
