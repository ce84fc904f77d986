"""How often somebody may do something: token buckets in the tables (GW3)."""
