-- Who asks for a flag shows a key each time (sql/query/flags.sql): by a hash it is found in two pages,
-- by the tree that keeps them apart in four.
CREATE INDEX api_keys_by_hash ON api_keys USING hash (hash);
