ALTER TABLE frames ADD COLUMN opens TEXT NOT NULL DEFAULT '';
ALTER TABLE frames ADD COLUMN wave INTEGER NOT NULL DEFAULT 0;
ALTER TABLE frames ADD COLUMN arm TEXT NOT NULL DEFAULT '';
ALTER TABLE frames ADD COLUMN due TEXT NOT NULL DEFAULT '';
CREATE INDEX frames_ticket ON frames (ticket) WHERE ticket IS NOT NULL;
CREATE TABLE deliveries (
    ticket TEXT NOT NULL,
    person BLOB NOT NULL CHECK (length(person) = 16),
    status TEXT NOT NULL,
    standing INTEGER NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (person, ticket)
) WITHOUT ROWID;
CREATE TABLE optouts (
    no INTEGER PRIMARY KEY,
    person BLOB NOT NULL CHECK (length(person) = 16),
    ticket TEXT NOT NULL,
    at TEXT NOT NULL,
    heard_at TEXT NOT NULL,
    UNIQUE (person, ticket)
);
CREATE TABLE replies (
    ticket TEXT NOT NULL,
    person BLOB NOT NULL CHECK (length(person) = 16),
    mark TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (person, ticket, mark)
) WITHOUT ROWID;
CREATE TABLE skipped (
    campaign INTEGER NOT NULL REFERENCES campaigns (no),
    edition INTEGER NOT NULL,
    person BLOB NOT NULL CHECK (length(person) = 16),
    why TEXT NOT NULL,
    PRIMARY KEY (campaign, edition, person)
) WITHOUT ROWID;
CREATE TABLE forgotten (
    person BLOB PRIMARY KEY CHECK (length(person) = 16),
    at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE suppressed (
    entry TEXT NOT NULL,
    person BLOB NOT NULL CHECK (length(person) = 16),
    PRIMARY KEY (entry, person)
) WITHOUT ROWID;
