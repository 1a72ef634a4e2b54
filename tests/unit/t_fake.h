#ifndef T_FAKE_H
#define T_FAKE_H

/*
 * t_fake - an adapter that does as it is told.
 */
#include <signal.h>

#include "cron/adapter.h"
#include "t_cron.h"

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

#endif
