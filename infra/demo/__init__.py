"""The main job, played in front of you: customers, channels and an issuer that misbehave, and the books
after."""
