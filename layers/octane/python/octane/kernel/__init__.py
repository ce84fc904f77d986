"""What every room may know: money, errors, time, ids, settings. Imports nothing of ours."""
