-- A schedule as the API and the audit log show it; a part of its experiment's or flag's object.

CREATE FUNCTION moment_text(at timestamptz) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

CREATE FUNCTION schedule_json(s schedules) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
	SELECT jsonb_build_object('id', s.id, 'time_zone', s.time_zone,
		CASE s.resource_kind WHEN 'experiment' THEN 'launch_at' ELSE 'enable_at' END,
		moment_text(s.first_at),
		CASE s.resource_kind WHEN 'experiment' THEN 'end' ELSE 'disable' END,
		CASE WHEN s.end_at IS NOT NULL THEN jsonb_build_object('at', moment_text(s.end_at))
		     WHEN s.end_days IS NOT NULL
		     THEN jsonb_build_object('days_after', s.end_days, 'time', s.end_time) END,
		'resolved', coalesce(jsonb_object_agg(m.kind, jsonb_build_object('at', moment_text(m.due_at),
		    'rule', m.rule, 'outcome', m.outcome, 'reason', m.reason))
		    FILTER (WHERE m.outcome IS DISTINCT FROM 'CANCELLED' OR s.status = 'CANCELLED'), '{}'),
		'scheduled_by', s.scheduled_by, 'status', s.status, 'version', s.version,
		'created_at', moment_text(s.created_at))
	  FROM moments m
	 WHERE m.schedule_id = s.id
);
