#ifndef T_DISPATCH_H
#define T_DISPATCH_H

/*
 * t_dispatch - a queue to send from, for the tests of cron/dispatch*.c.
 */
#include "cron/dispatch.h"

#include "t_fake.h"

#define U1 "'00000000-0000-4000-8000-000000000001'"

static const struct conf conf = { .base_url = "https://carillon.example",
	.mail_from = "Carillon <carillon@example.com>",
	.lease_ms = 90000 };
static struct db *worker;

/* One run with the fake adapter at a moment, or now. */
static inline bool
run_at(struct db *db, const char *at, int64_t n[TALLY_MAX])
{
	struct run run = { .db = db, .conf = &conf, .at = at };

	memset(n, 0, TALLY_MAX * sizeof(*n));
	return dispatch_all(&run, by, &fake, n);
}

/* The same for t_at_once(), until the adapter ends it. */
static inline bool
send_and_die(struct db *db, int which)
{
	int64_t n[TALLY_MAX];

	(void)which;
	fake.dies = true;
	return run_at(db, NULL, n);
}

static inline void
start_afresh(void)
{
	memset(&fake, 0, sizeof(fake));
	sql("TRUNCATE users, mail_batches CASCADE");
	by = &fake_adapter;
	sql("INSERT INTO users (id, email) VALUES (" U1 ", 'owner@example.com')");
	sql("INSERT INTO inbox (user_id) VALUES (" U1 ")");
}

/* count deliveries of type issue.new, due now. */
static inline void
queue(int count)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "WITH n AS (INSERT INTO notifications (user_id, type, title, dedupe_key)"
	    " SELECT " U1
	    ", 'issue.new', 't', gen_random_uuid() FROM generate_series(1, %d) RETURNING id)"
	    " INSERT INTO deliveries (user_id, notification_id, channel, kind, payload) SELECT " U1
	    ", id, 'email', 'issue.new', '{\"subject\":\"s\",\"text\":\"t\",\"html\":\"<p>t</p>\"}' FROM n",
	    count);
	sql(text);
}

#endif
