"""A custody bank that keeps two accounts for its customer, and tells a day's movements in a file of ours."""
