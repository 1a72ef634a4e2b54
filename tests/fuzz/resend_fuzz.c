/*
 * resend: how many messages were sent, the answer's status, its headers and an empty line, and its
 * body, in the place of libcurl.  Only a whole 2xx with an id for each message is a success, and
 * what is kept of an answer is within the bounds of adapter.h and fit for the database.
 */
#include "cron/adapter.h"
#include "cron/post.h"

#include <math.h>

#include "fuzz.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))

/* ---- cron/post, played from the input ---- */

static struct post_answer next;
static const char *headers;

struct post *
post_open(void)
{
	static char any;

	return (struct post *)&any;
}

void
post_close(struct post *p)
{
	(void)p;
}

void
post_send(struct post *p, struct arena *a, const struct post_request *rq, struct post_answer *out)
{
	(void)p;
	(void)a;
	HOLDS(rq->n == strlen(rq->body), "the request's length");
	*out = next;
}

/* The last line of that name, as libcurl gives it: without the white space around it. */
const char *
post_header(struct post *p, const char *name)
{
	static char value[4096];
	const char *found = NULL;
	size_t n = strlen(name), len;

	(void)p;
	for (const char *s = headers; *s != '\0'; s += strcspn(s, "\n"), s += *s == '\n')
		if (strncasecmp(s, name, n) == 0 && s[n] == ':')
			found = s + n + 1;
	if (found == NULL)
		return NULL;
	found += strspn(found, " \t");
	len = strcspn(found, "\n");
	while (len > 0 && strchr(" \t\r", found[len - 1]) != NULL)
		len--;
	len = len < sizeof(value) ? len : sizeof(value) - 1;
	memcpy(value, found, len);
	value[len] = '\0';
	return value;
}

/* ---- what must be true of a judgement ---- */

static void
sent(const struct call *c, const struct answer *an)
{
	HOLDS(next.status / 100 == 2 && next.whole, "sent by status %ld", next.status);
	for (size_t i = 0; i < c->n; i++)
		HOLDS(an->provider_id[i] != NULL &&
			fuzz_is_utf8(an->provider_id[i], strlen(an->provider_id[i])),
		    "id of message %zu", i);
}

static void
judged(const struct call *c, const struct answer *an)
{
	size_t n = strnlen(an->why, SEND_WHY_MAX);

	HOLDS((unsigned)an->outcome <= OUT_CONFLICT, "outcome %d", an->outcome);
	if (an->outcome == OUT_SENT)
		sent(c, an);
	/* of these statuses we cannot know that nothing went out */
	if (next.status >= 500 || next.status < 300)
		HOLDS(an->outcome == OUT_SENT || an->outcome == OUT_UNKNOWN, "%ld is %d",
		    next.status, an->outcome);
	HOLDS(n < SEND_WHY_MAX && fuzz_is_utf8(an->why, n), "why is no text");
	for (size_t i = 0; i < n; i++)
		HOLDS((unsigned char)an->why[i] >= 0x20 && an->why[i] != 0x7f, "why has a control");
	HOLDS(isfinite(an->per_second) && an->per_second >= 0 && an->per_second <= 1e6,
	    "%f a second", an->per_second);
	HOLDS(an->hold_ms >= 0 && an->hold_ms <= DAY_MS, "held for %lld ms",
	    (long long)an->hold_ms);
	HOLDS(an->outcome != OUT_PACE || an->hold_ms > 0, "too fast, and no pause");
	HOLDS(an->outcome != OUT_PARKED || an->hold_ms == 0, "parked and held");
}

/* Headers end with an empty line. */
static const char *
take_headers(struct arena *a, const char **s, size_t *n)
{
	const char *all = "";

	while (*n > 0) {
		const char *line = fuzz_take(a, s, n, '\n');

		if (line[0] == '\0')
			break;
		all = arena_fmt(a, "%s%s\n", all, line);
	}
	return all;
}

void
fuzz_one(struct arena *a, const char *s, size_t n)
{
	static const struct conf conf = { .resend_key = "re_x",
		.resend_url = "http://127.0.0.1:1",
		.lease_ms = 90000 };
	static void *state;
	struct answer an = { .outcome = OUT_SENT };
	struct call c = { .key = "key", .n = 1 };
	char why[SEND_WHY_MAX];

	if (n > 8192 || (state == NULL && (state = adapter_resend.open(&conf, "", why)) == NULL))
		return;
	c.n = 1 + strtoul(fuzz_take(a, &s, &n, '\n'), NULL, 10) % 4;
	for (size_t i = 0; i < c.n; i++)
		c.item[i].body = "{}";
	next = (struct post_answer){ .end = POST_ANSWERED };
	next.status = strtol(fuzz_take(a, &s, &n, '\n'), NULL, 10) % 1000;
	headers = take_headers(a, &s, &n);
	next.body = arena_ndup(a, s, n);
	next.n = n;
	next.whole = n < 4000;
	adapter_resend.send(state, a, &c, &an);
	judged(&c, &an);
}
