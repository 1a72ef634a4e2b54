-- Login codes that wait, without a look at all other mail that does: a person waits with them.

CREATE INDEX deliveries_codes_due ON deliveries (next_try_at)
    WHERE status = 'pending' AND batch_id IS NULL AND kind = 'auth.code';
