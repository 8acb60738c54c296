"""An emulator of the Octopush API: one core of plain rules (request in, answer out) behind two doors.

What the API is, as data:
    fields, endpoints    what a row is; one row per channel, per endpoint, per field of a body
    rules                the table of rules: what is checked or done, by whose word, and what happens without
    prices, countries    what a message costs
    callbacks            what the API tells of a message afterwards

A request's way:
    exchange             Request, Answer: what crosses the wire
    reading              bytes → Submission, and what was forgiven; with casting, contacts, personal
    counting             text → the parts of an SMS
    checks, cancelling   Submission → the rule that it breaks
    deliveries           Submission → what people get, and when
    answers, wallet      what was decided → Answer, as documented
    deciding             the whole way of one request, inside one transaction
    reporting            what happened to messages → callbacks to be posted

What it remembers:
    records              Entry, Message, Ticket, Callback, Query
    database, storage    one SQLite file; ledger writes in it, queries reads from it
    retention            how long it remembers, and a warning where real people seem to be in it

Its doors:
    core                 Sandbox: in process
    settings, steering   how it is set, and another clock, credit or blacklist while it runs
    api, faults, wire    over HTTP: the API, and what goes wrong on the way
    control              over HTTP: /_sandbox; with questions, views, openapi
    page, web            the web inbox
    app, border, serve   all of these as one server; who may ask it; lending gives faults the connection
    posting              callbacks, posted
    testing              the whole as a pytest plug-in

It imports nothing of octoplan's road, so that it can be started by people who do not use octoplan, and so that two
implementations of the same contract check each other. Starlette and uvicorn are loaded by the doors over HTTP only.
"""
