"""A deterministic world: the real use cases in virtual time, among faults, and all books held together.

    python -m simulation                        all schedules; the last line is JSON
    python -m simulation --seed 7               the timeline of random world 7
    python -m simulation --seed happy/3/pay_order.A#1:3=kill_after
    python -m simulation --mutants              plant bugs, show each found

A schedule is `story/seed/faults`: the story says who wants what, the seed decides every delay and so who goes
first, each fault names one outside call (`process:call`) and what befalls it. The same schedule gives the
same timeline, byte for byte.
"""
