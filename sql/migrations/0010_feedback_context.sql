-- A context is shown as it came.  jsonb would write every number out: 1e-16000 becomes 16 KB, and
-- a request of 3 KB an answer larger than a worker may hold.

ALTER TABLE feedback ALTER COLUMN context TYPE json;
