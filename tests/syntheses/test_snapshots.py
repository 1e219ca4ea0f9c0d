"""The frozen form of a consultation: read back as it was written, its hash, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from forum.domain.syntheses.snapshots import (
    FrozenProposal,
    FrozenThread,
    SynthesisKind,
    from_json,
    instant,
    moment_of,
    sha256,
    to_json,
)
from forum.errors import Invalid
from forum.models.proposals import ProposalState
from tests.document_samples import draft_snapshot, empty_snapshot, holding, hostile_snapshot, small_snapshot


@pytest.mark.parametrize("make", [small_snapshot, draft_snapshot, empty_snapshot, hostile_snapshot])
def test_a_snapshot_is_read_back_as_it_was_written(make) -> None:  # type: ignore[no-untyped-def]  # parametrize gives it
    snapshot = make()
    assert from_json(to_json(snapshot)) == snapshot


def test_the_canonical_form_is_one_line_of_sorted_json_without_floats() -> None:
    canonical = to_json(small_snapshot())
    assert b"\n" not in canonical
    assert canonical.startswith(b'{"consultation":{"base_url":')
    assert sha256(small_snapshot()) == sha256(from_json(canonical))
    assert sha256(small_snapshot()) != sha256(replace(small_snapshot(), version=2))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"version":1,', b'"version":1.0,'),
        (b'"format":8', b'"format":7'),
        (b'"scope":3', b'"scope":4'),
        (b'"scope":3', b'"scope":3,"more":1'),
        (b'"kind":"final"', b'"kind":"working draft"'),
        (b'"T3-002"', b'"T3-001"'),
        (b'{"consultation"', b' {"consultation"'),
        (b'"for_":601', b'"for_":-601'),
        (b"}", b""),
    ],
)
def test_a_file_that_is_not_a_snapshot_is_refused(old: bytes, new: bytes) -> None:
    canonical = to_json(small_snapshot())
    assert old in canonical
    with pytest.raises(Invalid):
        from_json(canonical.replace(old, new, 1))


def test_an_inconsistent_snapshot_cannot_exist() -> None:
    snapshot = small_snapshot()
    with pytest.raises(ValueError, match="theme that is not in the snapshot"):
        replace(snapshot, threads=(FrozenThread(id=1, title="Ailleurs", theme=1),))
    with pytest.raises(ValueError, match="thread that is not in the snapshot"):
        replace(snapshot, threads=())
    stranger = FrozenProposal("T1-001", 1, "Ailleurs", 1, snapshot.proposals[0].origin, state=ProposalState.OPEN)
    with pytest.raises(ValueError, match="theme that is not in the snapshot"):
        holding(snapshot, (stranger,))


def test_a_snapshot_counts_the_ballots_of_the_proposals_in_force() -> None:
    snapshot = small_snapshot()
    with pytest.raises(ValueError, match="not the sum"):
        replace(snapshot, participation=replace(snapshot.participation, ballots=2_493))


def test_a_draft_with_a_tally_cannot_exist() -> None:
    with pytest.raises(ValueError, match="no tally"):
        replace(small_snapshot(), kind=SynthesisKind.WORKING_DRAFT)


def test_an_instant_is_written_in_utc_and_read_back() -> None:
    noon = datetime(2026, 12, 12, 17, 0, 5, tzinfo=UTC)
    assert instant(noon) == "2026-12-12T17:00:05Z"
    assert moment_of(instant(noon)) == noon
    with pytest.raises(ValueError, match="naive"):
        instant(datetime(2026, 12, 12))
