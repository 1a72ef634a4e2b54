-- What /metrics counts, without a look at all that was ever sent.

CREATE INDEX deliveries_open ON deliveries (created_at) WHERE status = 'pending';
CREATE INDEX deliveries_failed_at ON deliveries (decided_at) WHERE status = 'failed';
