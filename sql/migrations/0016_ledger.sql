-- Finding deliveries again: a team's failed ones that were sent anew, a user's webhook.

CREATE INDEX deliveries_replayed ON deliveries (team_id) WHERE replays > 0;
CREATE INDEX deliveries_webhook ON deliveries (user_id, created_at DESC) WHERE channel = 'webhook';
