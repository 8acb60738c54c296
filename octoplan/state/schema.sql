CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE campaigns (
    no INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    edition INTEGER NOT NULL,
    channel TEXT NOT NULL,
    definition TEXT NOT NULL,
    applied_at TEXT NOT NULL
);
CREATE TABLE runs (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    environment TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    recipients INTEGER NOT NULL,
    requests INTEGER NOT NULL
);
CREATE TABLE frames (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    campaign INTEGER NOT NULL REFERENCES campaigns (no),
    edition INTEGER NOT NULL,
    run TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('planned', 'sending', 'sent', 'refused', 'unknown')),
    size INTEGER NOT NULL CHECK (size > 0),
    content TEXT NOT NULL,
    refusals INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    first_attempt TEXT,
    last_change TEXT,
    not_after TEXT,
    ticket TEXT,
    cost TEXT,
    units INTEGER,
    code INTEGER,
    why TEXT NOT NULL DEFAULT ''
);
CREATE INDEX frames_open ON frames (status) WHERE status IN ('sending', 'unknown');
CREATE TABLE bodies (
    frame TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
);
CREATE TABLE messages (
    campaign INTEGER NOT NULL REFERENCES campaigns (no),
    edition INTEGER NOT NULL,
    person BLOB NOT NULL CHECK (length(person) = 16),
    frame INTEGER REFERENCES frames (no),
    refusals INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (campaign, edition, person)
) WITHOUT ROWID;
