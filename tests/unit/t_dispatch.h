#ifndef T_DISPATCH_H
#define T_DISPATCH_H

/*
 * t_dispatch - a queue to send from, and an adapter that does as it is told, for the tests of
 * cron/dispatch*.c.
 */
#include "cron/dispatch.h"

#include <signal.h>

#include "t.h"
#include "t_cron.h"

#define U1 "'00000000-0000-4000-8000-000000000001'"

static const struct conf conf = { .base_url = "https://carillon.example",
	.mail_from = "Carillon <carillon@example.com>",
	.lease_ms = 90000 };
static struct db *worker;

/* What the adapter is to do, and what it remembers. */
static struct fake {
	enum outcome answer;
	bool own_words;
	int sent, calls;
	char last[UUID_LEN + 1], to[64], key[64], body[256];
	const char *meanwhile; /* SQL that somebody else runs while a call is on its way */
	bool dies;
	int log; /* a file descriptor for the ids, or 0 */
} fake;

static inline const char *
fake_freeze(void *state, struct arena *a, const struct letter *l)
{
	(void)state;
	return mail_is_fit(a, l) ? arena_fmt(a, "%s|%s|%s", l->id, l->to, l->text) : NULL;
}

static inline void
fake_send(void *state, struct arena *a, const struct call *c, struct answer *out)
{
	struct fake *f = state;

	f->calls++;
	for (size_t i = 0; i < c->n; i++) {
		const char *line = arena_fmt(a, "%s\n", c->item[i].id);

		f->sent++;
		if (f->log != 0 && write(f->log, line, strlen(line)) < 0)
			abort();
		out->provider_id[i] = arena_fmt(a, "p-%s", c->item[i].id);
	}
	snprintf(f->last, sizeof(f->last), "%s", c->item[0].id);
	snprintf(f->to, sizeof(f->to), "%s", c->item[0].address);
	snprintf(f->key, sizeof(f->key), "%s", c->key);
	snprintf(f->body, sizeof(f->body), "%s", c->item[0].body);
	if (f->dies)
		kill(getpid(), SIGKILL);
	if (f->meanwhile != NULL)
		sql(f->meanwhile);
	out->outcome = f->answer;
	out->own_words = f->own_words;
	snprintf(out->why, SEND_WHY_MAX, "as told");
}

/* Like file: a message a call, like smtp: the same, but forgetful, like resend: many. */
#define FAKE(n, many, loses) \
	{ \
		.channel = "email", .name = n, .prefix = n ":", .most = many, .forgets = loses, \
		.freeze = fake_freeze, .send = fake_send \
	}
static const struct adapter fake_adapter = FAKE("fake", 1, false),
			    fake_smtp = FAKE("smtp", 1, true),
			    fake_resend = FAKE("resend", SEND_MOST, false);
static const struct adapter *by = &fake_adapter;

/* One run with the fake adapter at a moment, or now. */
static inline bool
run_at(struct db *db, const char *at, int64_t n[TALLY_MAX])
{
	struct run run = { .db = db, .conf = &conf, .at = at };

	memset(n, 0, TALLY_MAX * sizeof(*n));
	return dispatch_all(&run, by, &fake, n);
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
