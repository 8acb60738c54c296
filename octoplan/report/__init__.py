"""Plan, Problems, events, state → text, JSON, Markdown, HTML. Formatting only: no files, no printing.

    lines      loosened_line, plan_line, sends_line, suppressed, opted_out, already_sent, applied_line, valid_line,
               problems_line, warnings_line, status_line     the last lines, an interface
               count, several, people, money, estimated, moment, span
                                              how values are written
    text       plan, step, last_lines, nothing_to_do, status, way_out, problems, error, event, validated
               STATUS_HEAD, status_row, ID_SHOWN
                                              → Lines, printed plain in a pipe or coloured on a terminal
    outcome    Outcome, CampaignOutcome, outcome_of, ENDINGS
                                              what became of a plan that was applied
    applied    text_applied, json_applied, head, rows_of, cells, facts, heard_before, refused_lines, title
                                              → for `apply --report`
    found      problems, warnings, error, validated, json_problems, json_error, json_validated, json_rows
                                              the same for what is said when nothing was planned; loads little
    annotations  annotate, github, gitlab, sarif, junit
                                              Problems as continuous integration shows them beside a file's lines
    as_json    plan, changes, problems, status, validated, error, events_header, event, VERSION
                                              → versioned documents; events are one object a line
    markdown   plan, applied, marker, LIMIT            → a comment on a pull request, always under 65,000 bytes
    html       plan, applied, LIMIT           → one self-contained page to look at, no scripts, at most 2 MB;
                                              a package, with an index of its own
    wording    chosen, wordings, readable, MOST
                                              how messages read, with names in the place of values
    messages   text_messages, json_messages   what `render` shows: a named exception to the last sentence below
    inbox      text_inbox, json_inbox         what the sandbox received: another one
    records    text_campaigns, json_campaigns, text_campaign, json_campaign
                                              what the state remembers of campaigns
    checked    text_checked, json_checked, check_line, SAID
                                              what was found wrong with a state
    compared   compared_lines, compared_facts, receipts_line, TOLD
                                              what its receipts say otherwise
    exported   export_header, export_lines, export_end
                                              all that a state holds, as lines of JSON
    imported   brought_line, brought_facts, moved_line, moved_facts
                                              what an import brings into a state
    rejected   csv_header, csv_line, json_line
                                              rows that cannot be used, as written: for `--rejects`, another one
    tried      text_tried, tests_line, json_tried, junit_tried
                                              campaigns by their tests, and by rows made up
    heard      heard_lines, heard_words, heard_facts  what callbacks told of the people of an edition
    ingested   ingested_line, problem_lines, json_ingested
                                              what came of callbacks that were taken in
    variants   text_variants, json_variants, markdown_variants
                                              how the people of an edition took its variants
    surveyed   text_surveyed, json_surveyed   who is in an audience, as a whole
    reason     text_answer, json_answer       whether one person gets a campaign, and what they had
    judged     judged_sentences, judged_facts, recorded_sentence, recorded_facts
                                              the window of one person, and that of a request
    access     text_everything, json_everything  all that a state has of one person
    survey     Survey, CampaignStanding, survey, replay_until
                                              a state → what `status` shows of it
    facts      Count, details, one_line, funnel
                                              what there is to say about a step, once for all formats
    expense_facts, expense_json  Fact, expense
                                              the same for what makes it cost what it costs
    safe       plain, words, masked           hostile or personal text → text that may be shown
    document   document, line, placed, VERSION
                                              the form of all JSON
    style      Line, Style, BLANK, joined     what a line is, for colours
    terminal   show, show_plan, show_status, working, Progress
                                              the only module that loads rich; imported only where a terminal is

A string that is returned does not end its last line.

No format shows an address or a value of a row: a variant is its people, units and parts, and in Markdown and HTML also
its words, in which the names of variables stand for the values.
"""
