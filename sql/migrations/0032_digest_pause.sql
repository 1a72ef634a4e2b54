-- How long a project's digests are apart, for whoever asks when one is due (sql/query/issues.sql,
-- ops.sql).

CREATE FUNCTION digest_pause(cadence text) RETURNS interval
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE cadence WHEN 'hourly' THEN interval '1 hour' WHEN '6_hourly' THEN interval '6 hours'
	WHEN 'daily' THEN interval '24 hours' WHEN 'weekly' THEN interval '168 hours' END;
