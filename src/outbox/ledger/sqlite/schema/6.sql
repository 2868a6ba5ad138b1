-- Format 6. A copy that was put off or refused while the letter was taken goes its own way from then on: it has a line like a
-- letter's, with the id that letter and address make together. (What older formats have of copies stays as it is.)
--
-- `copy_of` is the letter's id, NULL in a letter's own line; `attempt` the event in which the letter left without it.
ALTER TABLE letter ADD COLUMN copy_of BLOB;
ALTER TABLE letter ADD COLUMN attempt INTEGER;
-- Nearly always empty: what is asked for at the beginning of each run.
CREATE INDEX open_copy ON letter (copy_of) WHERE copy_of IS NOT NULL AND state <> 3;
