-- Format 5. What became of a letter is told in events: attempts as before, a person's word on one, and what may come (a
-- bounce, an answer). `kind` says which it is; what only its kind has stands in `more`, as JSON with a version of its own
-- (`v`).
--
-- There is no daybook any more: every commit writes to the lines. `run.commits` counts the synced ones, and `letter.mark`
-- is the number of the commit, synced or not, that wrote the line last: the marks beside the file know the newest of both.
ALTER TABLE attempt RENAME TO event;
-- 1 an attempt, 2 a person's word on one that was in doubt
ALTER TABLE event ADD COLUMN kind INTEGER NOT NULL DEFAULT 1;
-- What happened where there was no reply: a code of this program's, never a sentence. `reply` has the server's words, or
-- what the code is about.
ALTER TABLE event ADD COLUMN reason TEXT;
ALTER TABLE event ADD COLUMN more TEXT;
ALTER TABLE copy RENAME COLUMN attempt TO event;
ALTER TABLE copy ADD COLUMN reason TEXT;
ALTER TABLE letter ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run RENAME COLUMN marks TO commits;
DROP TABLE daybook;
-- Sentences of this program become codes.
UPDATE event SET kind = 2 WHERE state IN (7, 8);
UPDATE event SET state = iif(state = 7, 3, 4) WHERE state IN (7, 8);
CREATE TEMP TABLE sentence (code TEXT, words TEXT, goes_on INTEGER);
INSERT INTO sentence VALUES
    ('settled-as-sent', 'settled by hand as sent', 0),
    ('settled-as-unsent', 'settled by hand as unsent: due again', 0),
    ('program-ended', 'the program ended while this letter was being sent', 0),
    ('machine-stopped', 'the machine stopped while this letter was waiting its turn, or being sent', 0),
    ('interrupted', 'interrupted while it was being sent', 0),
    ('connection-lost', 'the connection was lost: ', 1),
    ('connection-lost', 'the letter was handed over, then the connection was lost: ', 1);
UPDATE event SET reason = sentence.code, reply = substr(event.reply, length(sentence.words) + 1)
    FROM sentence WHERE event.code IS NULL
    AND iif(goes_on, substr(event.reply, 1, length(sentence.words)), event.reply) = sentence.words;
UPDATE copy SET reason = sentence.code, reply = substr(copy.reply, length(sentence.words) + 1)
    FROM sentence WHERE copy.code IS NULL
    AND iif(goes_on, substr(copy.reply, 1, length(sentence.words)), copy.reply) = sentence.words;
UPDATE event SET reason = 'older' WHERE code IS NULL AND reason IS NULL;
UPDATE copy SET reason = 'older' WHERE code IS NULL AND reason IS NULL;
DROP TABLE sentence;
