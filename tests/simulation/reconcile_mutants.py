"""Realistic bugs in closing a day: runs, repairs, suspense, decisions, and the journal."""

from simulation.planting import Mutant, mutant

RESOLVE, TASKS = "octane.reconciliation.resolve", "octane.reconciliation.tasks"
DIFFERENCES, REPAIR = "octane.reconciliation.differences", "octane.orders.repair"
JOURNAL, S3 = "octane.store.blocks", "octane.store.s3"

RECONCILE_MUTANTS: tuple[Mutant, ...] = (
    mutant(
        "older_run_takes_over",
        "lets any run take the day",
        (f"{RESOLVE}:_claim", 'AtMost("version", version)', 'AtMost("version", 1_000)'),
    ),
    mutant(
        "older_run_goes_on",
        "opens a task without a look at whose day it is by now",
        (f"{RESOLVE}:_suspend", "deps.store.commit(run, *writes,", "deps.store.commit(*writes,"),
    ),
    mutant(
        "older_run_clears",
        "clears a task without a look at whose day it is by now",
        (f"{RESOLVE}:_settle", "deps.store.commit(run, *writes,", "deps.store.commit(*writes,"),
    ),
    mutant(
        "suspense_apart",
        "books the suspense before the task, not with it",
        (
            f"{RESOLVE}:_suspend",
            "    deps.store.commit(run, *writes, *_into_suspense(difference, difference.suspense, now))",
            "    deps.store.commit(*_into_suspense(difference, difference.suspense, now))\n"
            "    deps.store.commit(run, *writes)",
        ),
    ),
    mutant(
        "suspense_the_other_way",
        "sets money apart with the wrong sign",
        (f"{RESOLVE}:_suspend", "suspense=-found.delta", "suspense=found.delta"),
    ),
    mutant(
        "suspense_left",
        "clears a difference and leaves its money in suspense",
        (f"{RESOLVE}:_settle", "*_into_suspense(new, -known.suspense, now)", ""),
    ),
    mutant(
        "correction_adds_up",
        "books all of a corrected difference once more, not the change",
        (
            f"{RESOLVE}:_follow",
            "*_into_suspense(new, -change, now)",
            "*_into_suspense(new, new.suspense, now)",
        ),
    ),
    mutant(
        "proposal_outlives_figures",
        "lets a proposal stand when the bill's figures change",
        (
            f"{RESOLVE}:_follow",
            'followed = followed._replace(state=state, proposed_by="")',
            "followed = followed._replace(state=known.state)",
        ),
    ),
    mutant(
        "ended_is_opened_again",
        "opens what people have ended in every run that finds it",
        (
            f"{RESOLVE}:_meet",
            "known.state in {DifferenceState.REPAIRED, DifferenceState.CLEARED}",
            "known.state not in WAITING",
        ),
    ),
    mutant(
        "ended_is_forgotten",
        "does not look at what people have ended when the bill changes",
        (
            f"{RESOLVE}:_miss",
            "if known.state not in WAITING and not (known.state in ENDED and known.booked):",
            "if known.state not in WAITING:",
        ),
    ),
    mutant(
        "repaired_before_it_is",
        "takes a repair that did not succeed for done",
        (f"{RESOLVE}:_open", "if repair is Repair.DONE:", "if repair is not Repair.UNKNOWN_NUMBER:"),
    ),
    mutant(
        "never_asked_again",
        "asks about a line in its first run only",
        (f"{RESOLVE}:_meet", "known.reason in ASKED_AGAIN", "known.reason not in ASKED_AGAIN"),
    ),
    mutant(
        "silence_is_for_ever",
        "never believes a bill whose counterparty answers no query",
        (f"{RESOLVE}:_meet", "known.silent_since and", "False and"),
    ),
    mutant(
        "silence_outlives_a_close",
        "believes the bill of a channel whose last word was no",
        (f"{REPAIR}:_payment", "silent_since < later(attempt.ended_at or Instant(0), CLOCKS_MS)", "False"),
    ),
    mutant(
        "silence_outlives_an_answer",
        "counts the silence from before the counterparty's last word",
        (f"{RESOLVE}:_told", "else Instant(0)", "else difference.silent_since"),
    ),
    mutant(
        "silence_is_consent",
        "believes a bill as soon as its counterparty does not answer",
        (f"{RESOLVE}:_open", "theirs, None)", "theirs, now)"),
    ),
    mutant(
        "bill_decides",
        "books what the bill says, not what the query does",
        (
            f"{REPAIR}:_payment",
            "        accept_payment(deps, dossier, answer)",
            "        accept_payment(deps, dossier, replace(answer, amount=Fen(line.amount)))",
        ),
    ),
    mutant(
        "stuck_stays_stuck",
        "does not look at a stuck refund that the bill has",
        (
            f"{REPAIR}:_refund",
            "if refund.status not in OPEN_REFUND and refund.status is not RefundStatus.STUCK:",
            "if refund.status not in OPEN_REFUND:",
        ),
    ),
    mutant(
        "recharge_not_asked",
        "takes the issuer's silence for a yes",
        (
            f"{REPAIR}:_recharge",
            "    if not isinstance(answer, FulfilmentReport):\n        return Repair.SILENT",
            "    if not isinstance(answer, FulfilmentReport):\n        return Repair.DONE",
        ),
    ),
    mutant(
        "doubles_are_one",
        "names a difference by its number alone, however often the bill has it",
        (f"{DIFFERENCES}:Difference.id", "str(self.nth)", "str(self.nth > 0)"),
    ),
    mutant(
        "one_person_is_enough",
        "lets who proposed an end approve it",
        (f"{TASKS}:approve", "if caller.user_id == old.proposed_by:", "if not caller.user_id:"),
    ),
    mutant(
        "surplus_needs_nobody",
        "holds only what we lack against the limit",
        (f"{TASKS}:decide", "if old.size > deps", "if old.suspense > deps"),
    ),
    mutant(
        "ended_keeps_its_money",
        "ends a difference without taking its money out of suspense",
        (f"{TASKS}:_execute", "    if old.suspense:", "    if old.suspense and chases:"),
    ),
    mutant(
        "end_apart",
        "books a decision before it is recorded, not with it",
        (
            f"{TASKS}:_execute",
            "        writes = (*writes, post(booked))",
            "        deps.store.commit(post(booked))",
        ),
    ),
    mutant(
        "journal_overwrites",
        "writes a block without a look at whether there is one",
        (
            f"{JOURNAL}:_append",
            "if objects.put_new(_key(book, after), content):",
            "if objects.put(_key(book, after), content) is None:",
        ),
    ),
    mutant(
        "journal_gives_up",
        "drops its batch when somebody else was faster",
        (
            f"{JOURNAL}:_append",
            "        head = _follow(book, objects, _key(book, after), head, seen)\n    return 0",
            "        return 0\n    return 0",
        ),
    ),
    mutant(
        "taken_is_mine",
        "takes a block that stands there for the one it wrote",
        (f"{S3}:S3Objects.put_new", "return stands == content", "return True"),
    ),
    mutant(
        "journal_by_success",
        "files an entry under the day of its success, which may be over",
        (
            f"{JOURNAL}:append",
            "place_of(book, record)",
            "place_of(book._replace(at=lambda each: each.effective_at), record)",
        ),
    ),
    mutant(
        "repeats_are_read",
        "does not look back before it writes, and reads an entry as often as it was written",
        (
            f"{JOURNAL}:_append",
            "keys[:-LOOK_BACK])\n    for key in keys[-LOOK_BACK:]:",
            "keys)\n    for key in keys[:0]:",
        ),
        (
            f"{JOURNAL}:read_day",
            "yield from _unseen(book, _records(block.links), seen, block.head)",
            "yield from _records(block.links)",
        ),
    ),
)
