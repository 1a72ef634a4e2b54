-- Schedules: what will become of an experiment, or of a flag in one environment.
--
-- Who changes either of these locks the resource's row first (experiments; flags, then
-- flag_environments), then the schedule, then its moments, then inboxes.

-- As somebody saved it.  Names are kept: the story outlives the resource.
CREATE TABLE schedules (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
	resource_kind text NOT NULL CHECK (resource_kind IN ('experiment', 'flag_environment')),
	resource_id uuid NOT NULL,	-- experiments.id or flag_environments.id
	resource_name text NOT NULL,	-- of the experiment or flag
	environment_id uuid,
	environment_name text,
	time_zone text NOT NULL,	-- one of the tz database's names
	tz_version text,		-- of the tz database that end_days was worked out with
	first_at timestamptz(3),	-- launch or enable; NULL: only an end
	end_at timestamptz(3),		-- the end as an instant …
	end_days integer CHECK (end_days BETWEEN 0 AND 365),	-- … or as a rule: so many local days
	end_time text CHECK (end_time ~ '^[0-2][0-9]:[0-5][0-9]$'),	-- after first_at, at HH:mm
	scheduled_by uuid REFERENCES users ON DELETE SET NULL,
	version bigint NOT NULL DEFAULT 1,	-- rises with every edit by a person
	status text NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'DONE', 'CANCELLED')),
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now()),
	CHECK (first_at IS NOT NULL OR end_at IS NOT NULL),
	CHECK (end_at IS NULL OR end_days IS NULL),
	CHECK ((end_days IS NULL) = (end_time IS NULL)),
	CHECK ((resource_kind = 'flag_environment') = (environment_id IS NOT NULL)),
	CHECK ((environment_id IS NULL) = (environment_name IS NULL))
);
CREATE UNIQUE INDEX schedules_live ON schedules (resource_kind, resource_id)
    WHERE status = 'PENDING';
CREATE INDEX schedules_newest ON schedules (resource_kind, resource_id, created_at DESC, id DESC);

-- One thing to do at one time.  An edit moves due_at in place while outcome is NULL; an
-- outcome, once there, stays.
CREATE TABLE moments (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	schedule_id uuid NOT NULL REFERENCES schedules ON DELETE CASCADE,
	project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
	kind text NOT NULL CHECK (kind IN ('launch', 'end', 'enable', 'disable')),
	due_at timestamptz(3) NOT NULL,
	rule text NOT NULL DEFAULT 'exact' CHECK (rule IN ('exact', 'gap', 'overlap')),
	scheduled_by uuid REFERENCES users ON DELETE SET NULL,
	-- FIRED, MISSED, FAILED: cron; CANCELLED: a person took it back; DROPPED: something
	-- else made it pointless.  NULL: still to come.
	outcome text CHECK (outcome IN ('FIRED', 'MISSED', 'FAILED', 'CANCELLED', 'DROPPED')),
	reason text,			-- one of common/schedule.c
	decided_at timestamptz(3),
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now()),
	UNIQUE (schedule_id, kind),
	CHECK ((outcome IS NULL) = (decided_at IS NULL))
);
CREATE INDEX moments_due ON moments (due_at) WHERE outcome IS NULL;
CREATE INDEX moments_of_project ON moments (project_id);
