"""An emulator of the Octopush API: one core of plain rules (request in, answer out) behind two doors.

    exchange   Request, Answer: what crosses the wire
    fields     one row per field of an endpoint, one row per channel
    reading    body → Submission, and what was forgiven on the way
    counting   text → parts of an SMS
    prices     Submission → Bill
    rules      the table of rules; Submission + Facts → Verdict
    answers    Verdict → Answer, as documented
    storage    what was received, in one SQLite file
    core       Sandbox: the first door, in process
    app, serve Starlette and uvicorn: the second door, over HTTP

It imports nothing of octoplan's road, so that it can be started by people who do not use octoplan, and so that two
implementations of the same contract check each other. Starlette and uvicorn are loaded by `app` and `serve` only.
"""
