/*
 * events - one event of a program: found its issue, or made it, counted, kept; then the team is
 * told.  A POST answers 201 with both.
 */
#include "cgi/issues/issues.h"

#include <string.h>

#include "auth.h"
#include "excerpt.h"
#include "field.h"
#include "issue.h"
#include "log.h"
#include "queries.h"
#include "rate.h"
#include "text.h"
#include "token.h"

#define TITLE_CHARS       1000
#define FINGERPRINT_CHARS 200
#define APP_CHARS         100
#define USER_CHARS        200
#define ENVIRONMENT_CHARS 100
#define CONTEXT_BYTES     65536

struct event {
	const char *fingerprint, *title, *app, *user, *environment, *context, *project_id;
	const char *place; /* the id of the environment it belongs to */
};

static const struct field event_fields[] = {
	TEXT(struct event, fingerprint, NULLABLE, 1, FINGERPRINT_CHARS),
	TEXT(struct event, title, REQUIRED, 1, TITLE_CHARS),
	TEXT(struct event, app, NULLABLE, 0, APP_CHARS),
	TEXT(struct event, user, NULLABLE, 0, USER_CHARS),
	TEXT(struct event, environment, NULLABLE, 1, ENVIRONMENT_CHARS),
	OBJECT(struct event, context, NULLABLE, CONTEXT_BYTES),
	UUID(struct event, project_id, NULLABLE),
	{ 0 },
};

static const char *
nothing_is_null(const char *s)
{
	return s != NULL && s[0] != '\0' ? s : NULL;
}

/*
 * Set w->place: 0, or the status already answered.  A client key has its own environment, so
 * nothing need be asked unless the body names one.
 */
static int
find_place(struct req *rq, struct reply *rp, struct event *w)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st;

	if (rq->key->environment != NULL && w->environment == NULL && w->project_id == NULL) {
		w->place = rq->key->environment;
		return 0;
	}
	st = db_read(rq->db, &q_issue_place, DB_ARGS(rq->key->id, w->project_id, w->environment),
	    &rows);
	if (st == DB_NONE && w->project_id == NULL)
		return http_fail(rq, rp, 422, "project_id is needed: the team has not one project");
	if (st == DB_NONE)
		return http_fail(rq, rp, 422, "project_id must be one of the key's");
	if (st != DB_OK)
		return http_db(rq, rp, st);
	if (rows_text(rows, 0, "environment_id") == NULL)
		return http_fail(rq, rp, 422, "environment must be one of the project's");
	w->place = arena_dup(rq->a, rows_text(rows, 0, "environment_id"));
	if (rq->key->environment != NULL && strcmp(rq->key->environment, w->place) != 0)
		return http_fail(rq, rp, 403, "The key belongs to another environment");
	return 0;
}

/*
 * The id that all events of the group have: a hash of the environment and the fingerprint, or else
 * of title and app, in the form of a uuid of version 8.
 */
static const char *
issue_id(struct arena *a, const struct event *w)
{
	const char *group = w->fingerprint != NULL
	    ? arena_fmt(a, "%s f%s", w->place, w->fingerprint)
	    : arena_fmt(a, "%s t%zu %s %s", w->place, strlen(w->title), w->title,
		  w->app != NULL ? w->app : "");
	const char *hash = token_digest(a, group, strlen(group));

	return arena_fmt(a, "%.8s-%.4s-8%.3s-a%.3s-%.12s", hash, hash + 8, hash + 13, hash + 17,
	    hash + 20);
}

static int
answer(struct req *rq, struct reply *rp, const struct db_rows *kept)
{
	struct out *o = http_begin(rq, rp, 201);

	out_open(o, '{');
	out_key(o, "event");
	out_open(o, '{');
	out_key(o, "id");
	out_text(o, rows_text(kept, 0, "event_id"));
	out_key(o, "issue_id");
	out_text(o, rows_text(kept, 0, "id"));
	out_key(o, "created_at");
	out_moment(o, rows_text(kept, 0, "event_at"));
	out_close(o, '}');
	out_key(o, "issue");
	issue_json(o, kept, 0);
	out_close(o, '}');
	return rp->status;
}

int
take_event(struct req *rq, struct reply *rp)
{
	SCOPED(rows_free) struct db_rows *kept = NULL;
	struct event w = { 0 };
	const char *id;
	enum db_status st;

	if (rate_spend(rq, rp) != 0 || field_read(rq, rp, event_fields, &w) != 0)
		return rp->status;
	w.app = nothing_is_null(w.app);
	w.user = nothing_is_null(w.user);
	if (find_place(rq, rp, &w) != 0)
		return rp->status;
	id = issue_id(rq->a, &w);
	st = db_write(rq->db, &q_issue_event,
	    DB_ARGS(id, rq->key->id, w.place, w.fingerprint, w.title, w.app, w.user, w.context),
	    &kept);
	if (st == DB_NONE) /* revoked or expired since it was looked at */
		return auth_bad_key(rq, rp);
	if (st != DB_OK)
		return http_db(rq, rp, st);
	if (rows_bool(kept, 0, "tell")) {
		st = issue_tell_in(rq->db, rq->a, rq->conf, id, rq->id);
		if (st != DB_OK && st != DB_NONE) /* the event is kept: cron tells of it */
			log_line(LOG_WARN, rq->id, "issue not told yet: %s", db_error(rq->db));
	}
	return answer(rq, rp, kept);
}
