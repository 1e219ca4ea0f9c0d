"""Mails that leave: a row and its job in the transaction that wants them; the worker sends, then the row goes.

What a mail says is sealed while it waits, because it may hold a link that lets its reader in.
"""

from datetime import datetime
from typing import Final

import structlog
from limits import RateLimitItemPerHour

from forum.database import Transaction, row, rows
from forum.domain.throttle import throttle
from forum.jobs import JobName, enqueue
from forum.sealing import seal

PER_HOUR: Final = 3
"""Mails to one address in an hour: more would be somebody else's way to annoy its owner."""

logger = structlog.get_logger()
