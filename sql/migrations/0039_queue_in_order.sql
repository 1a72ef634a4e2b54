-- What waits for a receiver is due at one moment, and goes in the order in which it was made.  Apart from what
-- 0038 locks, and the old index stays until the new one is there: claims hold deliveries, then webhooks.
CREATE INDEX deliveries_queue_in_order ON deliveries (channel, next_try_at, created_at)
    WHERE status = 'pending' AND batch_id IS NULL;
DROP INDEX deliveries_queue;
ALTER INDEX deliveries_queue_in_order RENAME TO deliveries_queue;
