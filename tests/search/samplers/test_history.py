from __future__ import annotations

from dataclasses import replace

from seesawnas.search.samplers import Recorded
from seesawnas.study import Proposal, Proxy, TrialState
from tests.search.samplers.toy import TWO, live, memory, toy_set

FEASIBLE = toy_set("2M")


def proposal(index: int) -> Proposal:
    assignment = next(FEASIBLE.at([index]).assignments())
    return Proposal(FEASIBLE.space.choose(assignment), assignment)


def test_losses_are_the_objectives_all_to_be_kept_down_and_curves_too() -> None:
    record = memory(FEASIBLE, TWO)
    for index in range(5):  # trial 3 is stopped early, trial 4 fails
        live(record, proposal(index))
    record.add(proposal(5))
    history = Recorded(FEASIBLE.decisions).read(record)
    assert [past.number for past in history.complete] == [0, 1, 2]
    assert [past.number for past in history.pruned] == [3]
    assert [past.number for past in history.pending] == [5]
    (first, *_), trial = history.complete, record.trials()[0]
    assert first.losses == (-trial.values[0], trial.values[1])
    assert first.losses[0] < 0 < first.losses[1]
    assert first.assignment == proposal(0).assignment
    assert history.pruned[0].losses == ()
    assert history.pruned[0].curve == {1: -record.trials()[3].intermediate_values[1]}


def test_a_reader_that_goes_on_sees_what_a_new_one_sees() -> None:
    record, lasting = memory(FEASIBLE), Recorded(FEASIBLE.decisions)
    for index in range(12):
        record.add(proposal(index))
        assert lasting.read(record) == Recorded(FEASIBLE.decisions).read(record)
        trial = record.next_waiting()
        assert trial is not None
        assert lasting.read(record) == Recorded(FEASIBLE.decisions).read(record)
        record.fail(trial.number, "diverged")
        live(record, proposal(100 + index))
        assert lasting.read(record) == Recorded(FEASIBLE.decisions).read(record)


def test_what_lies_outside_the_space_or_had_another_proxy_or_another_program_teaches_nothing() -> (
    None
):
    record = memory(FEASIBLE)
    live(record, Proposal(proposal(0).spec, {}, "outside"))
    live(record, replace(proposal(1), proxy=Proxy(), variant="longer"))
    foreign = record.study.ask()
    foreign.suggest_int("stages.0.depth", 1, 4)
    record.study.tell(foreign, 0.9)
    live(record, proposal(2))
    assert len(record.trials(TrialState.COMPLETE)) == 3
    assert Recorded(FEASIBLE.decisions).read(record).complete == ()
    live(record, proposal(3))
    live(record, proposal(4))
    assert [past.number for past in Recorded(FEASIBLE.decisions).read(record).complete] == [5]
