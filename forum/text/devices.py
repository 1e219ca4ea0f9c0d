"""What a person recognises their browser by, from what it says of itself: "Firefox, Linux", never more.

Browsers lie in this header by tradition, each naming all those before it, so the order below is the meaning. An unknown
browser gets no name: a wrong one would make somebody close the session of the telephone in their hand.
"""

from typing import Final

_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_of(user_agent: str) -> str:
    """Browser and system by their names, empty when neither is known; a few words whatever was sent."""
    return ", ".join(name for names in (_BROWSERS, _SYSTEMS) if (name := _first(names, user_agent)))


def _first(names: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for sign, name in names if sign in user_agent), "")
