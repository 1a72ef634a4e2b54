/*
 * feedback - what people say about a project.
 *
 *   POST /v1/feedback                     with a client key; tells the whole team
 *   GET  /v1/projects/{project}/feedback  for its members
 *
 * SQL: sql/query/feedback.sql.
 */
#include "auth.h"
#include "excerpt.h"
#include "field.h"
#include "http.h"
#include "listing.h"
#include "notify.h"
#include "page.h"
#include "queries.h"
#include "rate.h"

#define MESSAGE_CHARS 4000
#define NAME_CHARS    200
#define EMAIL_CHARS   254
#define CONTEXT_BYTES 65536
#define BODY_CHARS    200 /* of the notification */
#define LABEL_CHARS   60  /* of the resource's name */

static void
feedback_json(struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	row_text(o, rows, row, "id");
	row_text(o, rows, row, "message");
	row_text(o, rows, row, "name");
	row_text(o, rows, row, "email");
	row_json(o, rows, row, "context");
	row_named(o, rows, row, "environment");
	row_moment(o, rows, row, "created_at");
	out_close(o, '}');
}

static int
list_feedback(struct req *rq, struct reply *rp)
{
	static const struct listing feedback = { &q_feedback_page, "Project", "feedback",
		feedback_json };

	return listing_page(rq, rp, &feedback);
}

/* ---- POST /v1/feedback ---- */

struct given {
	struct req *rq;
	const char *message, *name, *email, *context;
	const char *object; /* what was kept, as JSON */
};

static const struct field given_fields[] = {
	TEXT(struct given, message, REQUIRED, 1, MESSAGE_CHARS),
	TEXT(struct given, name, NULLABLE, 0, NAME_CHARS),
	TEXT(struct given, email, NULLABLE, 0, EMAIL_CHARS),
	OBJECT(struct given, context, NULLABLE, CONTEXT_BYTES),
	{ 0 },
};

/* Tell every member of the team; made is the row of feedback_add. */
static enum db_status
tell_team(struct db_tx *tx, const struct given *w, const struct db_rows *made)
{
	struct arena *a = w->rq->a;
	const char *id = rows_text(made, 0, "id"), *project = rows_text(made, 0, "project_id");
	const char *said = excerpt_said(a, w->name, w->email, w->message, BODY_CHARS);
	struct notice n = {
		.type = "feedback.new",
		.users = rows_text(made, 0, "users"),
		.dedupe = arena_fmt(a, "feedback:%s", id),
		.team = rows_text(made, 0, "team_id"),
		.team_name = rows_text(made, 0, "team_name"),
		.body = said,
		.link = arena_fmt(a, "/dashboard/feedback?project=%s", project),
		.data = arena_fmt(a, "{\"feedback_id\":\"%s\"}", id),
		.resource_kind = "feedback",
		.resource_id = id,
		.resource_name = excerpt_cut(a, said, LABEL_CHARS),
		.project_id = project,
		.project_name = rows_text(made, 0, "project_name"),
		.environment_id = rows_text(made, 0, "environment_id"),
		.environment_name = rows_text(made, 0, "environment_name"),
		.request = w->rq->id,
	};

	if (n.users == NULL)
		return DB_OK;
	n.title = arena_fmt(a, "New feedback in %s", n.project_name);
	return notify_enqueue(tx, a, w->rq->conf, &n);
}

static enum db_status
give_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *made = NULL;
	struct given *w = ctx;
	enum db_status st;

	st = db_exec(tx, &q_feedback_add,
	    DB_ARGS(w->rq->key->id, w->message, w->name, w->email, w->context), &made);
	if (st != DB_OK)
		return st;
	w->object = row_object(w->rq->a, made, 0, feedback_json);
	return tell_team(tx, w, made);
}

static int
give_feedback(struct req *rq, struct reply *rp)
{
	struct given w = { .rq = rq };
	enum db_status st;

	if (rate_spend(rq, rp) != 0 || field_read(rq, rp, given_fields, &w) != 0)
		return rp->status;
	st = db_tx(rq->db, give_body, &w);
	if (st == DB_NONE) /* revoked or expired since it was looked at */
		return auth_bad_key(rq, rp);
	if (st != DB_OK)
		return http_db(rq, rp, st);
	return http_object(rq, rp, 201, "feedback", w.object);
}

const struct route routes[] = {
	{ "POST", "/v1/feedback", CLIENT_KEY, give_feedback },
	{ "GET", "/v1/projects/{project}/feedback", USER, list_feedback, page_params },
	{ NULL, NULL, 0, NULL },
};
