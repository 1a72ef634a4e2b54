-- A page of what is due begins where the last one ended, also among the thousands of one minute.

CREATE INDEX moments_due_in_order ON moments (due_at, id) WHERE outcome IS NULL;
DROP INDEX moments_due;
