-- Format 1. Times are seconds since 1970 in UTC.
CREATE TABLE run (
    key     INTEGER PRIMARY KEY,
    started INTEGER NOT NULL,
    -- NULL while it goes on, and for ever when it was killed: then its letters need a look.
    ended   INTEGER,
    -- Which start of the machine: marks that a killed process left can be missing after another.
    boot    TEXT NOT NULL,
    -- Which marks came after the last commit.
    marks   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE letter (
    key       INTEGER PRIMARY KEY,
    id        BLOB NOT NULL UNIQUE,
    campaign  TEXT NOT NULL,
    letter    TEXT NOT NULL,
    sender    TEXT NOT NULL,
    recipient TEXT NOT NULL,
    language  TEXT NOT NULL,
    -- Of the first attempt; every later one carries it too.
    date      INTEGER NOT NULL,
    -- 0 released, 1 claimed, 2 begun, 3 accepted, 4 deferred, 5 refused, 6 in doubt
    state     INTEGER NOT NULL,
    -- The state before the claim, to go back to when it is released.
    before    INTEGER NOT NULL,
    run       INTEGER NOT NULL REFERENCES run (key)
) STRICT;

CREATE TABLE facts (
    key  INTEGER PRIMARY KEY,
    json TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE attempt (
    key    INTEGER PRIMARY KEY,
    letter INTEGER NOT NULL REFERENCES letter (key),
    run    INTEGER NOT NULL REFERENCES run (key),
    at     INTEGER NOT NULL,
    state  INTEGER NOT NULL,
    code   INTEGER,
    reply  TEXT NOT NULL,
    sha256 BLOB,
    facts  INTEGER REFERENCES facts (key)
) STRICT;

CREATE TABLE copy (
    attempt INTEGER NOT NULL REFERENCES attempt (key),
    address TEXT NOT NULL,
    state   INTEGER NOT NULL,
    code    INTEGER,
    reply   TEXT NOT NULL
) STRICT;
CREATE INDEX copy_attempt ON copy (attempt);
