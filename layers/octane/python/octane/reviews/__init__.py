"""Orders that a person must look at before they are delivered (OR10)."""
