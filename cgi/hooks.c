/*
 * hooks - what others tell us, each in a form of its own.
 *
 *   POST /hooks/resend   204; 401 unsigned, forged, stale; 400 signed but unreadable
 *
 * Resend signs as Svix does (common/hook.h).  It calls more than once, in any order, and again
 * for more than a day until the answer is 2xx: so an event that says nothing to us is answered
 * with 204 as well, and one that was told before changes nothing.  SQL: sql/query/hooks.sql.
 */
#include <string.h>

#include "excerpt.h"
#include "hook.h"
#include "http.h"
#include "log.h"
#include "metric.h"
#include "moment.h"
#include "queries.h"
#include "text.h"

#define TO_MAX       50 /* recipients of one message */
#define ID_MAX       128
#define DETAIL_CHARS 300

/* The events that matter, and what they say of a message. */
static const struct {
	const char *type, *report;
	bool hard; /* whatever data.bounce says */
} events[] = {
	{ "email.delivered", "delivered", false },
	{ "email.bounced", "bounced", false },
	{ "email.suppressed", "bounced",
	    true }, /* the provider itself sends nothing there any more */
	{ "email.complained", "complained", false },
};

struct event {
	struct req *rq;
	const char *provider_id, *report, *at;
	const char *detail; /* why it bounced, or NULL */
	bool hard;          /* it will bounce the next time too */
	json_object *to;
	const char *delivery; /* ours, if the message says so, or NULL */
	bool is_news;         /* of a delivery of ours */
};

static const char *
member_text(json_object *in, const char *key)
{
	json_object *v = NULL;

	if (!json_object_object_get_ex(in, key, &v) || !json_object_is_type(v, json_type_string))
		return NULL;
	return json_object_get_string(v);
}

static json_object *
member(json_object *in, const char *key, enum json_type type)
{
	json_object *v = NULL;

	if (!json_object_object_get_ex(in, key, &v) || !json_object_is_type(v, type))
		return NULL;
	return v;
}

/* {"bounce":{"type":"Permanent","subType":"General","message":…}}.  Without a type it is the older
 * form of the event, which was sent for permanent ones only. */
static void
read_bounce(struct event *e, json_object *data)
{
	json_object *bounce = member(data, "bounce", json_type_object);
	const char *type = bounce != NULL ? member_text(bounce, "type") : NULL;
	const char *message = bounce != NULL ? member_text(bounce, "message") : NULL;

	e->hard = e->hard || type == NULL || strcmp(type, "Permanent") == 0;
	if (message != NULL)
		e->detail = excerpt_cut(e->rq->a, excerpt_fold(e->rq->a, message), DETAIL_CHARS);
}

/* Our mail has a tag that names its delivery (cron/adapter_resend.c). */
static void
read_tag(struct event *e, json_object *tags)
{
	const char *text = tags != NULL ? member_text(tags, "delivery") : NULL;
	char *id = arena_alloc(e->rq->a, UUID_LEN + 1);

	if (text != NULL && text_uuid(text, strlen(text), id))
		e->delivery = id;
}

/* Which of events[] it is and of which message; false: of none that is ours to know. */
static bool
read_event(struct event *e, json_object *body)
{
	json_object *data = member(body, "data", json_type_object);
	const char *type = member_text(body, "type"), *at = member_text(body, "created_at");
	char *exact = arena_alloc(e->rq->a, MOMENT_LEN + 1);
	int64_t ms;

	for (size_t i = 0; type != NULL && i < COUNT(events); i++)
		if (strcmp(events[i].type, type) == 0) {
			e->report = events[i].report;
			e->hard = events[i].hard;
		}
	if (e->report == NULL || data == NULL)
		return false;
	e->provider_id = member_text(data, "email_id");
	if (e->provider_id == NULL || e->provider_id[0] == '\0' || strlen(e->provider_id) > ID_MAX)
		return false;
	/* the moment only orders and informs, so an unreadable one is now */
	if (at == NULL || !moment_parse(at, strlen(at), &ms))
		ms = e->rq->now * 1000;
	moment_format(ms, exact);
	e->at = exact;
	if (strcmp(e->report, "bounced") == 0)
		read_bounce(e, data);
	e->to = member(data, "to", json_type_array);
	read_tag(e, member(data, "tags", json_type_object));
	return true;
}

/* The address of "a@b" or "Name <a@b>", lower-cased; false when it is none. */
static bool
read_address(json_object *v, char out[EMAIL_MAX + 1])
{
	const char *s, *open;
	size_t n;

	if (!json_object_is_type(v, json_type_string))
		return false;
	s = json_object_get_string(v);
	n = strlen(s);
	if ((open = strrchr(s, '<')) != NULL && s[n - 1] == '>') {
		s = open + 1;
		n = strlen(s) - 1;
	}
	return text_email(s, n, out);
}

static enum db_status
suppress(struct db_tx *tx, const struct event *e)
{
	size_t n = e->to != NULL ? json_object_array_length(e->to) : 0;
	char address[EMAIL_MAX + 1];

	for (size_t i = 0; i < n && i < TO_MAX; i++) {
		enum db_status st;

		if (!read_address(json_object_array_get_idx(e->to, i), address))
			continue;
		st = db_exec(tx, &q_hook_suppress, DB_ARGS(address, e->at, e->detail), NULL);
		if (st != DB_OK && st != DB_NONE)
			return st;
	}
	return DB_OK;
}

static enum db_status
event_body(struct db_tx *tx, void *ctx)
{
	struct event *e = ctx;
	enum db_status st;

	e->is_news = false;
	st = db_exec(tx, &q_hook_remember,
	    DB_ARGS(e->rq->hook_id, e->provider_id, e->report, e->at, e->delivery), NULL);
	if (st != DB_OK) /* DB_NONE: told before */
		return st;
	st = db_exec(tx, &q_hook_report, DB_ARGS(e->provider_id, e->report, e->at), NULL);
	if (st == DB_NONE && e->delivery != NULL)
		st = db_exec(tx, &q_hook_report_unknown,
		    DB_ARGS(e->provider_id, e->report, e->at, e->delivery), NULL);
	e->is_news = st == DB_OK;
	if (st != DB_OK && st != DB_NONE)
		return st;
	return e->hard && strcmp(e->report, "bounced") == 0 ? suppress(tx, e) : DB_OK;
}

/* 0, or the refusal already answered.  Nothing of the body is looked at before. */
static int
check_signature(struct req *rq, struct reply *rp)
{
	struct hook_headers h = { rq->hook_id, rq->hook_timestamp, rq->hook_signature };
	const char *secret = rq->conf->resend_webhook_secret;

	if (secret == NULL)
		log_line(LOG_ERROR, rq->id, "CARILLON_RESEND_WEBHOOK_SECRET is not set");
	switch (hook_verify(secret, &h, rq->raw, rq->raw_len, rq->now)) {
	case HOOK_OK:
		return text_is_utf8(h.id, strlen(h.id))
		    ? 0
		    : http_fail(rq, rp, 401, "Invalid signature");
	case HOOK_UNSIGNED:
		return http_fail(rq, rp, 401, "Missing signature");
	case HOOK_STALE:
		return http_fail(rq, rp, 401, "Signature is more than 5 minutes away from now");
	case HOOK_FORGED:
	default:
		return http_fail(rq, rp, 401, "Invalid signature");
	}
}

static int
resend(struct req *rq, struct reply *rp)
{
	SCOPED(json_object_put) json_object *body = NULL;
	struct event e = { .rq = rq };
	enum db_status st;
	bool ok;

	if (check_signature(rq, rp) != 0)
		return rp->status;
	body = json_read(rq->raw, rq->raw_len, &ok);
	if (!ok || !json_object_is_type(body, json_type_object))
		return http_fail(rq, rp, 400, "Malformed JSON");
	if (!read_event(&e, body))
		return http_empty(rp, 204);
	st = db_tx(rq->db, event_body, &e);
	if (st <= DB_NONE && e.is_news)
		metric_event(METRIC_REPORTS, e.report, NULL, 1);
	return st == DB_OK || st == DB_NONE ? http_empty(rp, 204) : http_db(rq, rp, st);
}

const struct route routes[] = {
	{ "POST", "/hooks/resend", SIGNED, resend },
	{ NULL, NULL, 0, NULL },
};
