-- Experiments: what a project tries on its visitors.

CREATE TABLE experiments (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
	name text NOT NULL,
	hypothesis text,
	url_rules jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(url_rules) = 'array'),	-- texts
	variations jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(variations) = 'array'),	-- [{name,weight}]
	metrics jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(metrics) = 'array'),	-- texts
	-- what leads from one to another is in common/lifecycle.c
	status text NOT NULL DEFAULT 'DRAFT'
	    CHECK (status IN ('DRAFT', 'SCHEDULED', 'RUNNING', 'PAUSED', 'COMPLETED', 'ARCHIVED')),
	version bigint NOT NULL DEFAULT 1,	-- rises with every change
	created_at timestamptz(3) NOT NULL DEFAULT date_trunc('milliseconds', now())
);
CREATE INDEX experiments_newest ON experiments (project_id, created_at DESC, id DESC);
