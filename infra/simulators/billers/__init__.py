"""Five billers in one company: electricity, water, gas, parking and property fees."""
