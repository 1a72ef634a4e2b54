/*
 * resend: - the HTTP API of Resend, up to 100 messages a call.
 *
 * RESEND_API_KEY is the key; RESEND_API_URL changes the address.  One message goes to /emails, more
 * to /emails/batch; each call carries the Idempotency-Key that Resend knows for 24 hours.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "adapter.h"
#include "json.h"
#include "mail_body.h"
#include "post.h"
#include "resend_verdict.h"
#include "text.h"

#define HOLD_MAX_MS (24 * 3600 * INT64_C(1000))
#define RATE_MIN    (1.0 / 60) /* what is believed of a header, in requests a second */
#define RATE_MAX    1e6

struct resend {
	struct post *post;
	struct arena keep;
	const char *url, *auth, *ca_file;
	int64_t timeout_ms;
	bool plain;
};

static void
resend_close(void *state)
{
	struct resend *r = state;

	post_close(r->post);
	arena_free(&r->keep);
	free(r);
}

static void *
resend_open(const struct conf *conf, const char *url, char why[SEND_WHY_MAX])
{
	struct resend *r;
	struct post *post;

	(void)url;
	if (conf->resend_key == NULL) {
		snprintf(why, SEND_WHY_MAX, "RESEND_API_KEY is not set");
		return NULL;
	}
	if ((post = post_open()) == NULL) {
		snprintf(why, SEND_WHY_MAX, "libcurl cannot be used");
		return NULL;
	}
	r = calloc(1, sizeof(*r));
	r->post = post;
	arena_init(&r->keep, 4096);
	r->url = conf->resend_url;
	r->ca_file = conf->ca_file;
	r->auth = arena_fmt(&r->keep, "Authorization: Bearer %s", conf->resend_key);
	r->timeout_ms = adapter_timeout_ms(conf);
	r->plain = strncmp(r->url, "http:", 5) == 0; /* conf lets only this machine have that */
	return r;
}

/* ---- what we say ---- */

/* Name <address>, quoted where the name needs it. */
static const char *
sender(struct arena *a, const struct mail_sender *from)
{
	struct out o;

	if (from->name == NULL)
		return from->address;
	if (strpbrk(from->name, "()<>[]:;@\\,.\"") == NULL)
		return arena_fmt(a, "%s <%s>", from->name, from->address);
	out_init(&o, a, 128);
	for (const char *s = from->name; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			out_raw(&o, "\\", 1);
		out_raw(&o, s, 1);
	}
	return arena_fmt(a, "\"%s\" <%s>", arena_ndup(a, o.s, o.n), from->address);
}

static void
put(struct out *o, const char *key, const char *value)
{
	out_key(o, key);
	out_text(o, value);
}

static void
put_headers(struct out *o, const struct letter *l)
{
	out_key(o, "headers");
	out_open(o, '{');
	for (size_t i = 0; i < l->nheaders; i++)
		put(o, l->headers[i].name, l->headers[i].value);
	out_close(o, '}');
}

static const char *
resend_freeze(void *state, struct arena *a, const struct letter *l)
{
	struct out o;

	(void)state;
	if (!mail_is_fit(a, l))
		return NULL;
	out_init(&o, a, 2048);
	out_open(&o, '{');
	put(&o, "from", sender(a, l->from));
	out_key(&o, "to");
	out_open(&o, '[');
	out_text(&o, l->to);
	out_close(&o, ']');
	put(&o, "subject", text_one_line(a, l->subject));
	put(&o, "html", l->html != NULL ? l->html : mail_html(a, l->text));
	put(&o, "text", l->text);
	put_headers(&o, l);
	/* what its webhooks tell of the message will name the delivery */
	out_key(&o, "tags");
	out_open(&o, '[');
	out_open(&o, '{');
	put(&o, "name", "delivery");
	put(&o, "value", l->id);
	out_close(&o, '}');
	out_close(&o, ']');
	out_close(&o, '}');
	return arena_ndup(a, o.s, o.n);
}

/* The messages as they were frozen, in an array when there are several. */
static const char *
body_of(struct arena *a, const struct call *c, size_t *n)
{
	struct out o;
	size_t most = 2;

	*n = strlen(c->item[0].body);
	if (c->n == 1)
		return c->item[0].body;
	for (size_t i = 0; i < c->n; i++)
		most += strlen(c->item[i].body) + 1;
	out_init(&o, a, most);
	for (size_t i = 0; i < c->n; i++) {
		out_raw(&o, i == 0 ? "[" : ",", 1);
		out_raw(&o, c->item[i].body, strlen(c->item[i].body));
	}
	out_raw(&o, "]", 1);
	*n = o.n;
	return o.s;
}

/* ---- what it says ---- */

/* A number of seconds in a header, in milliseconds; 0 when there is none. */
static int64_t
header_ms(struct post *post, const char *name)
{
	const char *s = post_header(post, name);
	double seconds;
	char *end;

	if (s == NULL)
		return 0;
	seconds = strtod(s, &end);
	if (end == s || *end != '\0') /* Retry-After may be a date */
		seconds = difftime(curl_getdate(s, NULL), time(NULL));
	if (!(seconds > 0))
		return 0;
	return seconds * 1000 < HOLD_MAX_MS ? (int64_t)(seconds * 1000) : HOLD_MAX_MS;
}

/* ratelimit-limit: so many in a window, which ratelimit-policy tells ("2;w=1"), else a second. */
static double
per_second(struct post *post)
{
	const char *limit = post_header(post, "ratelimit-limit");
	const char *policy = post_header(post, "ratelimit-policy");
	const char *w = policy != NULL ? strstr(policy, ";w=") : NULL;
	double n = limit != NULL ? strtod(limit, NULL) : 0;
	double window = w != NULL ? strtod(w + 3, NULL) : 1;

	if (!(n > 0 && window > 0))
		return 0;
	n /= window;
	return n < RATE_MIN ? RATE_MIN : n < RATE_MAX ? n : RATE_MAX;
}

static void
read_pace(struct post *post, struct answer *out)
{
	const char *left = post_header(post, "ratelimit-remaining");
	int64_t reset = header_ms(post, "ratelimit-reset");

	out->per_second = per_second(post);
	if (out->outcome == OUT_PARKED)
		return;
	out->hold_ms = header_ms(post, "retry-after");
	if (left != NULL && strtod(left, NULL) < 1 && reset > out->hold_ms)
		out->hold_ms = reset;
	if (out->outcome == OUT_PACE && out->hold_ms == 0)
		out->hold_ms = reset > 0 ? reset : 1000;
}

static const char *
string_of(struct arena *a, json_object *o, const char *key)
{
	json_object *v;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, key, &v) ||
	    !json_object_is_type(v, json_type_string))
		return NULL;
	return arena_dup(a, json_object_get_string(v));
}

/* {"id":…} or {"data":[{"id":…},…]} with as many as were sent: without them it was not Resend. */
static bool
read_ids(struct arena *a, json_object *o, const struct call *c, struct answer *out)
{
	json_object *data;

	if (c->n == 1)
		return (out->provider_id[0] = string_of(a, o, "id")) != NULL;
	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, "data", &data) ||
	    !json_object_is_type(data, json_type_array) || json_object_array_length(data) != c->n)
		return false;
	for (size_t i = 0; i < c->n; i++)
		if ((out->provider_id[i] =
			    string_of(a, json_object_array_get_idx(data, i), "id")) == NULL)
			return false;
	return true;
}

static void
judge(struct resend *r, struct arena *a, const struct call *c, const struct post_answer *got,
    struct answer *out)
{
	SCOPED(json_object_put) json_object *o = NULL;
	struct verdict v;
	const char *name;
	bool ok;

	if (got->whole)
		o = json_read(got->body, got->n, &ok);
	name = string_of(a, o, "name");
	v = resend_verdict(got->status, name);
	out->outcome = v.outcome;
	out->own_words = v.own_words;
	out->park_min = v.park_min;
	if (v.outcome == OUT_SENT && !read_ids(a, o, c, out)) {
		out->outcome = OUT_UNKNOWN;
		name = "no ids in the answer";
	}
	read_pace(r->post, out);
	resend_why(a, got->status, name, out->why);
}

static void
resend_send(void *state, struct arena *a, const struct call *c, struct answer *out)
{
	struct resend *r = state;
	struct post_answer got;
	struct post_request rq = { .timeout_ms = r->timeout_ms,
		.plain = r->plain,
		.ca_file = r->ca_file };

	rq.url = arena_fmt(a, "%s%s", r->url, c->n == 1 ? "/emails" : "/emails/batch");
	rq.headers = (const char *const[]){ r->auth, "Content-Type: application/json",
		arena_fmt(a, "Idempotency-Key: %s", c->key), NULL };
	rq.body = body_of(a, c, &rq.n);
	post_send(r->post, a, &rq, &got);
	if (got.end == POST_ANSWERED) {
		judge(r, a, c, &got, out);
		return;
	}
	out->outcome = got.distrusted  ? OUT_PARKED
	    : got.end == POST_NOT_SENT ? OUT_NOT_SENT
				       : OUT_UNKNOWN;
	snprintf(out->why, SEND_WHY_MAX, "%s", got.why);
}

const struct adapter adapter_resend = { .channel = "email",
	.name = "resend",
	.prefix = "resend:",
	.most = SEND_MOST,
	.paced = true,
	.open = resend_open,
	.freeze = resend_freeze,
	.send = resend_send,
	.close = resend_close };
