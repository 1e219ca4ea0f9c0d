"""Work to be done in the background, and what was done to keep the site: its latest backup.

The table of jobs is the truth; Redis only rings the bell.
"""

from enum import StrEnum

from tortoise import fields
from tortoise.models import Model


class JobState(StrEnum):
    """A running job whose lease stays as it is for its whole length is taken up again by whoever sees that first."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class SignOfLife(Model):
    """The latest sign of life of each."""

    id = fields.IntField(primary_key=True)
    who = fields.CharField(16, unique=True, description="the workers, or the site by a write")
    at = fields.DatetimeField()

    class Meta:
        table = "sign_of_life"


class Job(Model):
    """One job. `fence` grows at each taking: a worker that lost its lease cannot write its result."""

    id = fields.IntField(primary_key=True)
    name = fields.CharField(60)
    key = fields.CharField(120, unique=True, description="the same work is asked once")
    subject = fields.IntField(description="id of the row that the job is about")
    state = fields.CharEnumField(JobState, max_length=16, default=JobState.QUEUED)
    tries = fields.SmallIntField(default=0)
    fence = fields.IntField(default=0)
    lease_until = fields.DatetimeField(null=True)
    run_after = fields.DatetimeField()
    done_steps = fields.IntField(default=0)
    total_steps = fields.IntField(default=0)
    step = fields.CharField(120, default="", description="what is under way, a format")
    error = fields.TextField(default="")
    trace_id = fields.CharField(32, default="", description="leads from the page's message to the log line")
    created_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "job"
        indexes = (("state", "run_after"),)


class Backup(Model):
    """The latest backup that was restored in a place of trial and found whole: one row, or none before the first."""

    id = fields.IntField(primary_key=True)
    made_at = fields.DatetimeField(description="the moment of what it holds")
    size = fields.BigIntField(description="bytes of its file")

    class Meta:
        table = "backup"
