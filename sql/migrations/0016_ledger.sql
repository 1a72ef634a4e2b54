-- Finding deliveries again: a team's failed ones that were sent anew, a user's webhook.  (IF NOT EXISTS:
-- this file had another number for an hour.)

CREATE INDEX IF NOT EXISTS deliveries_replayed ON deliveries (team_id) WHERE replays > 0;
CREATE INDEX IF NOT EXISTS deliveries_webhook ON deliveries (user_id, created_at DESC) WHERE channel = 'webhook';
