-- Who did what: one row a change, in the transaction of the change.

CREATE TABLE audit (
	team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE,
	id uuid NOT NULL DEFAULT gen_random_uuid(),
	at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now()),
	actor_type text NOT NULL CHECK (actor_type IN ('USER', 'KEY', 'SYSTEM')),
	actor_id uuid,
	on_behalf_of uuid,
	action text NOT NULL,
	resource_kind text NOT NULL,
	resource_id uuid NOT NULL,
	before jsonb,
	after jsonb,
	request_id text,
	PRIMARY KEY (team_id, id)
);
CREATE INDEX audit_newest ON audit (team_id, at DESC, id DESC);
