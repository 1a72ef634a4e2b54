-- Where the demo begins (contract section 2): people, and two teams with an owner each.  These have
-- no door in the program; all else comes through its doors (scripts/demo).  demo.now is when the demo ends.

INSERT INTO users (id, email, name, created_at)
SELECT ('00000000-0000-4000-8000-00000000000' || n)::uuid, role || '@example.com', name, at + n * interval '7 minutes'
  FROM (VALUES
	(1, 'owner', 'Olga Owner'), (2, 'admin', 'Adam Admin'), (3, 'developer', 'Dora Developer'),
	(4, 'collaborator', 'Cora Collaborator'), (5, 'viewer', 'Vera Viewer'),
	(6, 'outsider', 'Oscar Outsider'), (7, 'sam', 'Sam Schedule')) AS u (n, role, name)
 CROSS JOIN (SELECT date_trunc('hour', current_setting('demo.now')::timestamptz) - interval '32 days' AS at) t;

INSERT INTO inbox (user_id) SELECT id FROM users;

INSERT INTO teams (id, name, created_at)
SELECT ('00000000-0000-4000-8000-00000000001' || n)::uuid, team, created_at + interval '5 minutes'
  FROM (VALUES (1, 'Demo Team', 'owner@example.com'), (2, 'Other Team', 'outsider@example.com')) AS t (n, team, owner)
  JOIN users ON email = owner;

INSERT INTO members (team_id, user_id, role, created_at)
SELECT ('00000000-0000-4000-8000-00000000001' || n)::uuid, id, 'owner', created_at + interval '5 minutes'
  FROM (VALUES (1, 'owner@example.com'), (2, 'outsider@example.com')) AS t (n, owner)
  JOIN users ON email = owner;
