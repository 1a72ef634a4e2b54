-- What waits to be sent (cron/dispatch.c).  "At" is the moment that counts as now, NULL for the
-- database's own; it says what is due and what has expired.  Leases and the pace keep real time.
--
-- Deliveries that are due are claimed (committed).  Those that go out in one call get a row in
-- mail_batches and their exact bytes, committed before the call; then the call is made outside of
-- any transaction, and settled by whoever still holds the batch's lease.  What a crash left
-- behind is due again when its lease has run out, with the same bytes under the same key.

-- name: dispatch_expire
-- Ends, as failed, what may be out and will never be known for certain: its first call was 24 hours
-- ago, or went through one of the adapters $3, which would make a second message of a second call.
WITH clock AS MATERIALIZED (
	SELECT coalesce($1::timestamptz, now()) - interval '24 hours' AS oldest,
	       date_trunc('milliseconds', clock_timestamp()) AS at
), gone AS (
	DELETE FROM mail_batches b
	 USING clock
	 WHERE b.channel = $2::text AND (b.lease_until IS NULL OR b.lease_until < clock.at)
	   AND (b.first_try_at <= clock.oldest OR b.via = ANY ($3::text[]))
	RETURNING b.id, clock.at
)
UPDATE deliveries d
   SET status = 'failed', error = 'unknown: it may have arrived, and nobody can say any more',
       decided_at = gone.at,
       lease_token = NULL, lease_until = NULL, batch_id = NULL, batch_place = NULL,
       payload = CASE WHEN kind = 'auth.code' THEN NULL ELSE payload END,
       body = CASE WHEN kind = 'auth.code' THEN NULL ELSE body END
  FROM gone
 WHERE d.batch_id = gone.id AND d.status = 'pending'
RETURNING d.id, d.request_id;

-- name: dispatch_claim
-- At most 100 of channel $2 that are due at $1, under one new lease of $4 milliseconds: login codes,
-- since a person waits for each, and when there are none and others may be claimed as well ($6),
-- others, longest due first.  Each as it is now, in verdict why it must not be sent, in rest until when
-- its receiver must not be asked.  Adapter is $3, and $5 are the types of the registry that may be muted.
-- CTEs are materialized so that no plan can claim more than it locked.  body is only told when
-- adapter $3 may use it.
WITH lease AS MATERIALIZED (
	SELECT gen_random_uuid() AS token
), codes AS MATERIALIZED (
	SELECT user_id, id
	  FROM deliveries
	 WHERE status = 'pending' AND channel = $2::text AND batch_id IS NULL AND kind = 'auth.code'
	   AND next_try_at <= coalesce($1::timestamptz, now())
	   AND (lease_until IS NULL OR lease_until < clock_timestamp())
	 ORDER BY next_try_at
	 LIMIT 100
	   FOR UPDATE SKIP LOCKED
), others AS MATERIALIZED (
	SELECT user_id, id
	  FROM deliveries
	 WHERE status = 'pending' AND channel = $2::text AND batch_id IS NULL
	   AND next_try_at <= coalesce($1::timestamptz, now())
	   AND (lease_until IS NULL OR lease_until < clock_timestamp())
	   AND $6::boolean AND NOT EXISTS (SELECT 1 FROM codes)
	 ORDER BY next_try_at, created_at
	 LIMIT 100
	   FOR UPDATE SKIP LOCKED
), mine AS MATERIALIZED (
	UPDATE deliveries d
	   SET lease_token = lease.token,
	       lease_until = clock_timestamp() + $4::bigint * interval '1 millisecond'
	  FROM (SELECT * FROM codes UNION ALL SELECT * FROM others) due, lease
	 WHERE d.user_id = due.user_id AND d.id = due.id
	RETURNING d.*
)
SELECT d.user_id, d.id, d.lease_token, d.solo, d.payload ->> 'subject' AS subject,
       d.payload ->> 'text' AS text, d.payload ->> 'html' AS html, d.payload -> 'headers' AS headers,
       CASE WHEN d.channel <> 'email' THEN d.payload END AS payload,
       floor(extract(epoch FROM d.created_at))::bigint AS created,
       CASE WHEN d.via = $3::text THEN d.address ELSE now.address END AS address,
       CASE WHEN d.via = $3::text THEN d.body END AS body, now.secret, d.replays, d.request_id, now.verdict,
       delivery_rest(d.channel, d.created_at, now.silent_since, now.rests_until, $1::timestamptz) AS rest
  FROM mine d
 CROSS JOIN LATERAL delivery_now(d.user_id, d.notification_id, d.channel, d.kind, d.created_at,
       d.address, $1::timestamptz, $5::text[]) now
 ORDER BY d.next_try_at, d.created_at, d.id;

-- name: dispatch_end
-- Those of lease $1 that are not to be sent: users $2, ids $3, with status $4 and reason $5; those with a
-- moment in $6 wait until then, as if they had not been due.  A login code is not kept.
WITH given AS MATERIALIZED (
	SELECT user_id, id, status, error, until, date_trunc('milliseconds', clock_timestamp()) AS at
	  FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[]) AS g (user_id, id, status, error, until)
)
UPDATE deliveries d
   SET status = given.status, next_try_at = coalesce(given.until, d.next_try_at),
       error = CASE WHEN given.until IS NULL THEN given.error ELSE coalesce(d.error, given.error) END,
       attempts = attempts + CASE WHEN given.status = 'failed' THEN 1 ELSE 0 END,
       decided_at = CASE WHEN given.until IS NULL THEN given.at END, lease_token = NULL, lease_until = NULL,
       body = CASE WHEN given.until IS NULL THEN NULL ELSE d.body END,
       payload = CASE WHEN d.kind = 'auth.code' THEN NULL ELSE d.payload END
  FROM given
 WHERE d.user_id = given.user_id AND d.id = given.id AND d.lease_token = $1::uuid
   AND d.status = 'pending'
   AND d.user_id = ANY ($2::uuid[])	-- tells Citus the workers
RETURNING d.status;

-- name: dispatch_release
-- Give back what lease $1 still holds of channel $2.
UPDATE deliveries
   SET lease_token = NULL, lease_until = NULL
 WHERE status = 'pending' AND channel = $2::text AND batch_id IS NULL AND lease_token = $1::uuid;

-- ---- calls ----

-- name: dispatch_freeze
-- Those of lease $1 that go in one call become a batch, for at most $2 milliseconds: users $3, ids
-- $4, addresses $5 and bytes $6 in this order, through adapter $7 on channel $8, at $9.  All or
-- none; no row: none, the lease of one was lost.
WITH given AS MATERIALIZED (
	SELECT *
	  FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[])
	       WITH ORDINALITY AS g (user_id, id, address, body, place)
), held AS MATERIALIZED (
	-- one by one, by their key: what is pending may be many times more
	SELECT own.id
	  FROM given
	 CROSS JOIN LATERAL (SELECT d.id
		  FROM deliveries d
		 WHERE d.user_id = given.user_id AND d.id = given.id
		   AND d.lease_token = $1::uuid AND d.status = 'pending'
		   FOR UPDATE) own
), batch AS (
	INSERT INTO mail_batches (id, channel, via, members, next_try_at, first_try_at, lease_token, lease_until)
	SELECT gen_random_uuid(), $8::text, $7::text, count(*), clock.at, clock.at, $1::uuid,
	       clock_timestamp() + $2::bigint * interval '1 millisecond'
	  FROM held, (SELECT date_trunc('milliseconds', coalesce($9::timestamptz, now())) AS at) clock
	 GROUP BY clock.at
	HAVING count(*) = cardinality($4::uuid[])
	RETURNING id, first_try_at
), frozen AS (
	UPDATE deliveries d
	   SET batch_id = batch.id, batch_place = given.place, first_try_at = batch.first_try_at,
	       via = $7::text, address = given.address, body = given.body,
	       lease_token = NULL, lease_until = NULL
	  FROM batch, given
	 WHERE d.user_id = given.user_id AND d.id = given.id
)
SELECT id FROM batch;

-- name: dispatch_frozen
-- The batch that lease $1 has become, when the answer to that was lost.
SELECT id
  FROM mail_batches
 WHERE lease_token = $1::uuid;

-- name: dispatch_retake
-- One batch of channel $2 and adapter $3 that is due again at $1, for $4 milliseconds.  Never one
-- whose key the provider may be about to forget.
WITH due AS MATERIALIZED (
	SELECT id
	  FROM mail_batches
	 WHERE channel = $2::text AND via = $3::text
	   AND next_try_at <= coalesce($1::timestamptz, now())
	   AND first_try_at > coalesce($1::timestamptz, now()) - interval '23 hours 55 minutes'
	   AND (lease_until IS NULL OR lease_until < clock_timestamp())
	 ORDER BY next_try_at
	 LIMIT 1
	   FOR UPDATE SKIP LOCKED
)
UPDATE mail_batches b
   SET lease_token = gen_random_uuid(),
       lease_until = clock_timestamp() + $4::bigint * interval '1 millisecond'
  FROM due
 WHERE b.id = due.id
RETURNING b.id, b.lease_token, b.members;

-- name: dispatch_members
-- Who is in batch $1, in order, in verdict why a single one must not be sent any more at $2, in rest until
-- when its receiver must not be asked; $3 are the types that may be muted.
SELECT d.user_id, d.id, d.address, d.body, now.secret, d.replays, d.request_id, now.verdict,
       delivery_rest(d.channel, d.first_try_at, now.silent_since, now.rests_until, $2::timestamptz) AS rest
  FROM deliveries d
 CROSS JOIN LATERAL delivery_now(d.user_id, d.notification_id, d.channel, d.kind, d.created_at,
       d.address, $2::timestamptz, $3::text[]) now
 WHERE d.batch_id = $1::uuid AND d.status = 'pending'
 ORDER BY d.batch_place;

-- name: dispatch_finish
-- Batch $1 of lease $2 is over: its members have become $3, with reason $4, and those with ids $5
-- are known to the provider as $6; $7 are their users.
WITH mine AS (
	DELETE FROM mail_batches
	 WHERE id = $1::uuid AND lease_token = $2::uuid
	RETURNING id, date_trunc('milliseconds', clock_timestamp()) AS at
)
UPDATE deliveries d
   SET status = $3::text, error = $4::text, provider_id = known.provider_id,
       attempts = attempts + CASE WHEN $3::text = 'skipped' THEN 0 ELSE 1 END,
       decided_at = mine.at,
       batch_id = NULL, batch_place = NULL,
       body = CASE WHEN $3::text = 'failed' AND kind <> 'auth.code' THEN body END,
       payload = CASE WHEN kind = 'auth.code' THEN NULL ELSE payload END
  FROM mine, unnest($5::uuid[], $6::text[], $7::uuid[]) AS known (id, provider_id, user_id)
 WHERE d.batch_id = mine.id AND d.user_id = known.user_id AND d.id = known.id AND d.status = 'pending'
   AND d.user_id = ANY ($7::uuid[])	-- tells Citus the workers
RETURNING d.status;

-- name: dispatch_again
-- Batch $1 of lease $2 may be out or not, for reason $3: the same bytes another time, at the
-- earliest $5 and at the latest $6 milliseconds after $4 (at); $6 NULL: exponential back-off with
-- full jitter, of an hour at most.  The tenth try is the last, some two hours after the first.
WITH mine AS MATERIALIZED (
	SELECT id, attempts + 1 AS attempts, date_trunc('milliseconds', clock_timestamp()) AS ended_at,
	       date_trunc('milliseconds', coalesce($4::timestamptz, clock_timestamp())
		   + greatest($5::bigint, random() * coalesce($6::bigint,
		       1000 * least(3600, 5 * 3 ^ (attempts + 1)))) * interval '1 millisecond') AS at
	  FROM mail_batches
	 WHERE id = $1::uuid AND lease_token = $2::uuid
	   FOR UPDATE
), kept AS (
	UPDATE mail_batches b
	   SET attempts = mine.attempts, next_try_at = mine.at, lease_token = NULL, lease_until = NULL
	  FROM mine
	 WHERE b.id = mine.id AND mine.attempts < 10
), gone AS (
	DELETE FROM mail_batches b
	 USING mine
	 WHERE b.id = mine.id AND mine.attempts >= 10
)
UPDATE deliveries d
   SET status = CASE WHEN mine.attempts >= 10 THEN 'failed' ELSE 'pending' END,
       error = CASE WHEN mine.attempts >= 10 THEN 'unknown: ' || $3::text ELSE $3::text END,
       attempts = d.attempts + 1, next_try_at = mine.at,
       decided_at = CASE WHEN mine.attempts >= 10 THEN mine.ended_at END,
       batch_id = CASE WHEN mine.attempts < 10 THEN d.batch_id END,
       batch_place = CASE WHEN mine.attempts < 10 THEN d.batch_place END,
       payload = CASE WHEN d.kind = 'auth.code' AND mine.attempts >= 10 THEN NULL ELSE d.payload END,
       body = CASE WHEN d.kind = 'auth.code' AND mine.attempts >= 10 THEN NULL ELSE d.body END
  FROM mine
 WHERE d.batch_id = mine.id AND d.status = 'pending'
RETURNING d.status;

-- name: dispatch_dissolve
-- Batch $1 of lease $2 is surely not out, for reason $3, and need not stay together.  Its members
-- are due again: at once, each alone when $6, or, when it cost them a try ($5), after a back-off
-- from $4 (at), of at least $7 milliseconds, and at most ten times.  The dice are thrown once, and fall
-- another way for each id.
WITH mine AS (
	DELETE FROM mail_batches
	 WHERE id = $1::uuid AND lease_token = $2::uuid
	RETURNING date_trunc('milliseconds', clock_timestamp()) AS ended_at,
	       extract(epoch FROM coalesce($4::timestamptz, clock_timestamp()))::float8 AS at,
	       floor(random() * 65536)::bigint AS dice, id
)
UPDATE deliveries d
   SET status = CASE WHEN $5::boolean AND attempts + 1 >= 10 THEN 'failed' ELSE 'pending' END,
       error = coalesce($3::text, error), attempts = attempts + CASE WHEN $5::boolean THEN 1 ELSE 0 END,
       next_try_at = CASE WHEN $5::boolean
	   THEN to_timestamp(floor(1000 * (mine.at + greatest(1, $7::bigint / 1000.0,
	       (mine.dice + uuid_hash(d.id) & 65535) / 65536.0 * least(3600, 5 * 3 ^ (attempts + 1))))) / 1000)
	   ELSE next_try_at END,
       decided_at = CASE WHEN $5::boolean AND attempts + 1 >= 10 THEN mine.ended_at END,
       first_try_at = NULL, batch_id = NULL, batch_place = NULL, solo = solo OR $6::boolean,
       payload = CASE WHEN kind = 'auth.code' AND $5::boolean AND attempts + 1 >= 10
		 THEN NULL ELSE payload END,
       body = CASE WHEN kind = 'auth.code' AND $5::boolean AND attempts + 1 >= 10
	      THEN NULL ELSE body END
  FROM mine
 WHERE d.batch_id = mine.id AND d.status = 'pending'
RETURNING d.status;

-- name: dispatch_let_go
-- Batch $1 of lease $2 has not been asked for this time: it is as due as it was.
UPDATE mail_batches
   SET lease_token = NULL, lease_until = NULL
 WHERE id = $1::uuid AND lease_token = $2::uuid;

-- name: dispatch_put_off
-- Batch $1 of lease $2 waits until $3, as if it had not been due.  One that was tried three times goes
-- behind others then: it may be what its receiver chokes on.
WITH mine AS (
	UPDATE mail_batches
	   SET next_try_at = $3::timestamptz + CASE WHEN attempts < 3 THEN interval '0' ELSE interval '1 minute' END,
	       lease_token = NULL, lease_until = NULL
	 WHERE id = $1::uuid AND lease_token = $2::uuid
	RETURNING id, next_try_at
)
UPDATE deliveries d
   SET next_try_at = mine.next_try_at
  FROM mine
 WHERE d.batch_id = mine.id AND d.status = 'pending'
RETURNING d.status;

-- ---- the pace ----
-- What was written at a moment that is yet to come was written before the clock was set back, and
-- holds nobody any more.

-- name: dispatch_may
-- Whether anything may be sent at $1: why not at all, or NULL, whether it is certain that it need
-- not even be tried, and how long the pace wants us to wait, in milliseconds.
SELECT parked, coalesce(parked_until > coalesce($1::timestamptz, now()) AND parked_at <= clock_timestamp(),
	   false) AS is_parked,
       CASE WHEN set_at > clock_timestamp() THEN 0
       ELSE ceil(extract(epoch FROM greatest(next_at, clock_timestamp()) - clock_timestamp()) * 1000) END::bigint AS wait
  FROM mail_pace;

-- name: dispatch_take
-- The right to one request, now; or for how many milliseconds not.  A tenth more than the pace
-- allows lies between two, since they do not travel equally fast.
WITH taken AS (
	UPDATE mail_pace
	   SET next_at = clock_timestamp() + 1.1 / per_second * interval '1 second',
	       set_at = date_trunc('milliseconds', clock_timestamp())	-- never rounded into what is to come
	 WHERE next_at <= clock_timestamp() OR set_at > clock_timestamp()
	RETURNING per_second
)
SELECT true AS taken, per_second, 0 AS wait
  FROM taken
 UNION ALL
SELECT false, per_second,
       greatest(1, ceil(extract(epoch FROM greatest(next_at, now()) - clock_timestamp()) * 1000))::bigint
  FROM mail_pace
 WHERE NOT EXISTS (SELECT 1 FROM taken);

-- name: dispatch_pace
-- The provider said: so many requests a second ($1, NULL: it did not), none for $2 milliseconds.
UPDATE mail_pace
   SET per_second = coalesce($1::float8, per_second),
       next_at = greatest(CASE WHEN set_at <= clock_timestamp() THEN next_at END,
	   clock_timestamp() + $2::bigint * interval '1 millisecond'),
       set_at = date_trunc('milliseconds', clock_timestamp());

-- name: dispatch_park
-- Nothing can be sent, for reason $2; until $3 minutes after $1 (at) it need not be tried.
UPDATE mail_pace
   SET parked = $2::text, parked_at = date_trunc('milliseconds', clock_timestamp()),
       parked_until = coalesce($1::timestamptz, clock_timestamp()) + $3::bigint * interval '1 minute';

-- name: dispatch_unpark
UPDATE mail_pace
   SET parked = NULL, parked_at = NULL, parked_until = NULL
 WHERE parked IS NOT NULL;

-- name: dispatch_count
-- What a run at $1 would do on channel $3: the conditions of the claim.  $2 are the types that may
-- be muted.
SELECT count(*) FILTER (WHERE now.verdict IS NULL AND delivery_rest(d.channel, d.created_at, now.silent_since,
	   now.rests_until, $1::timestamptz) IS NULL) AS sent,
       count(*) FILTER (WHERE now.verdict IS NOT NULL) AS skipped
  FROM deliveries d
 CROSS JOIN LATERAL delivery_now(d.user_id, d.notification_id, d.channel, d.kind, d.created_at,
       d.address, $1::timestamptz, $2::text[]) now
 WHERE d.status = 'pending' AND d.channel = $3::text
   AND d.next_try_at <= coalesce($1::timestamptz, now())
   AND (d.lease_until IS NULL OR d.lease_until < clock_timestamp());

-- ---- what others have told ----

-- name: webhook_gone
-- The receiver at $2 of user $1 says that it is no more.
UPDATE webhooks
   SET gone_at = date_trunc('milliseconds', now())
 WHERE user_id = $1::uuid AND url = $2::text AND gone_at IS NULL;

-- name: webhook_answers
-- The receiver at $1 has answered in time.
UPDATE webhooks
   SET silent_since = NULL, rests_until = NULL
 WHERE url = $1::text AND (silent_since IS NOT NULL OR rests_until IS NOT NULL);

-- name: webhook_rests
-- The receiver at $1 is not asked again for $3 milliseconds from $2 (at) on; $3 NULL: it did not answer, so
-- for as long as it has not, a minute at least and an hour at most.
UPDATE webhooks w
   SET silent_since = CASE WHEN $3::bigint IS NULL THEN coalesce(w.silent_since, clock.at) END,
       rests_until = clock.at + coalesce($3::bigint * interval '1 millisecond',
	   least(interval '1 hour', greatest(interval '1 minute', clock.at - w.silent_since)))
  FROM (SELECT date_trunc('milliseconds', coalesce($2::timestamptz, clock_timestamp())) AS at) clock
 WHERE w.url = $1::text;
