"""Rules as data, whatever they decide: documents read strictly, decision tables, versions (PY5, RK4)."""
