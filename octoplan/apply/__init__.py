"""`run.settle` what is open, `run.send` a plan: the only code that sends. Both yield `events`."""
