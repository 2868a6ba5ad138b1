-- Format 3. What a run has written and not yet posted to `letter`, `attempt` and `copy`, a row for each synced commit:
-- entries as JSON, one after the other. Posting many letters at once is far cheaper than each group on its own, because
-- ids are random and each touches a page of its own.
--
-- Only a run that goes on, or was killed, has rows here; whoever opens the ledger next posts them.
CREATE TABLE daybook (
    key     INTEGER PRIMARY KEY,
    run     INTEGER NOT NULL REFERENCES run (key),
    entries BLOB NOT NULL,
    -- The first bytes of the SHA-256 of the run and of them: nothing else would notice a change that the disk made in them.
    digest  BLOB NOT NULL
) STRICT;
