"""The main job, played in front of you: customers, a channel and an issuer that misbehave, and the books
after."""
