"""What the matching of a large day costs, against a bare join of the same files."""
