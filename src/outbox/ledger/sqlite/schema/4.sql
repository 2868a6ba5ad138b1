-- Format 4. Who was written to in the last 24 hours, in campaigns whose records were forgotten: a limit for one address
-- must not begin anew with that. Only hashes, with a salt that stands beside them; the first run that writes after they
-- are a day old deletes them, and the salt with the last of them.
CREATE TABLE forgotten (
    hash INTEGER NOT NULL,
    -- 0 as the To, 1 as a copy
    copy INTEGER NOT NULL,
    at   INTEGER NOT NULL
) STRICT;

CREATE TABLE salt (
    salt BLOB NOT NULL
) STRICT;
