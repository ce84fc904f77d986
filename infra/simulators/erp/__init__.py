"""An ERP that knows how much fuel is in the tanks of each group of stations."""
