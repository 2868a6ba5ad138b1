-- Format 2. Who gets copies, as a JSON list, NULL when nobody does: a run that is killed cannot write down any more what
-- became of them, and they must be named all the same. From now on `copy` has every copy of an attempt.
--
-- `attempt.state` has two more values, for a person's word on a letter in doubt: 7 it was sent, 8 it was not.
ALTER TABLE letter ADD COLUMN copies TEXT;
