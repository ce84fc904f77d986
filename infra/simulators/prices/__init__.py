"""Who publishes what fuel costs: two companies, each in a format of its own."""
