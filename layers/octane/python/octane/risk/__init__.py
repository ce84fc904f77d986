"""Whether an order may be placed: rules as data, counters, lists, freezes (RK1–RK4)."""
