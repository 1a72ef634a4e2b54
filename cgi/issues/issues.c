/*
 * issues - what goes wrong in programs, grouped.
 *
 *   POST  /v1/issues/events              with a client or an agent key (events.c)
 *   GET   /v1/projects/{project}/issues  for its members; status and environment narrow it down
 *   GET   /v1/issues/{id}                …
 *   GET   /v1/issues/{id}/events         the single ones of the last 30 days
 *   PATCH /v1/issues/{id}                its status, and until when it is snoozed
 *
 * SQL: sql/query/issues.sql; what a status may become: sql/migrations/0021_issues.sql.
 */
#include "cgi/issues/issues.h"

#include <string.h>

#include "change.h"
#include "field.h"
#include "page.h"
#include "queries.h"
#include "text.h"

static const char *const statuses[] = { "new", "regressed", "in_progress", "snoozed", "silenced",
	"resolved", NULL };
static const char *const list_params[] = { "cursor", "limit", "status", "environment", NULL };

void
issue_json(struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	row_text(o, rows, row, "id");
	row_text(o, rows, row, "project_id");
	row_named(o, rows, row, "environment");
	row_text(o, rows, row, "fingerprint");
	row_text(o, rows, row, "title");
	row_text(o, rows, row, "app");
	row_text(o, rows, row, "status");
	row_moment(o, rows, row, "status_at");
	row_moment(o, rows, row, "snooze_until");
	row_json(o, rows, row, "events");
	row_json(o, rows, row, "users");
	out_key(o, "first_seen_at");
	out_moment(o, rows_text(rows, row, "created_at"));
	row_moment(o, rows, row, "last_seen_at");
	row_moment(o, rows, row, "created_at");
	out_close(o, '}');
}

static void
event_json(struct out *o, const struct db_rows *rows, int row)
{
	out_open(o, '{');
	row_text(o, rows, row, "id");
	row_text(o, rows, row, "title");
	row_text(o, rows, row, "app");
	out_key(o, "user");
	out_text(o, rows_text(rows, row, "user_name"));
	row_json(o, rows, row, "context");
	row_moment(o, rows, row, "created_at");
	out_close(o, '}');
}

static int
show_issue(struct req *rq, struct reply *rp)
{
	static const struct listing issue = { &q_issue_show, "Issue", "issue", issue_json };

	return listing_one(rq, rp, &issue);
}

static int
list_events(struct req *rq, struct reply *rp)
{
	static const struct listing events = { &q_issue_events_page, "Issue", "events",
		event_json };

	return listing_page(rq, rp, &events);
}

/* ---- GET /v1/projects/{project}/issues ---- */

/* What narrows the page down; what is unknown does not. */
struct narrow {
	const char *status, *environment;
};

static int
read_narrow(struct req *rq, struct reply *rp, struct narrow *to)
{
	size_t n;
	const char *status = text_query(rq->a, rq->query, "status", &n);

	for (size_t i = 0; status != NULL && statuses[i] != NULL; i++)
		if (strlen(statuses[i]) == n && memcmp(statuses[i], status, n) == 0)
			to->status = statuses[i];
	if (status != NULL && status[0] != '\0' && to->status == NULL && rq->strict)
		return http_fail(rq, rp, 400, "Unknown value: %s", text_clean(rq->a, status, n));
	to->environment = text_query(rq->a, rq->query, "environment", &n);
	if (to->environment != NULL && (n == 0 || !text_is_utf8(to->environment, n)))
		to->environment = NULL;
	return 0;
}

static int
list_issues(struct req *rq, struct reply *rp)
{
	static const struct listing issues = { &q_issue_page, "Project", "issues", issue_json };
	struct narrow narrow = { 0 };

	if (read_narrow(rq, rp, &narrow) != 0)
		return rp->status;
	return listing_narrowed(rq, rp, &issues, narrow.status, narrow.environment);
}

/* ---- PATCH /v1/issues/{id} ---- */

struct issue_change {
	struct change c;
	const char *status, *snooze_until;
	bool says_until; /* the body has it, null or not */
};

static const struct field change_fields[] = {
	WORD(struct issue_change, status, OPTIONAL, statuses),
	TIME(struct issue_change, snooze_until, NULLABLE),
	{ 0 },
};

/* The end of a snooze that the body names: DB_OK if it may be. */
static enum db_status
check_until(struct db_tx *tx, struct issue_change *w, const char *status)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st;

	if (w->snooze_until == NULL)
		return DB_OK;
	if (strcmp(status, "snoozed") != 0)
		return change_refuse(&w->c, 422, "snooze_until is for status snoozed only");
	st = db_exec(tx, &q_issue_may_snooze, DB_ARGS(w->snooze_until), &rows);
	if (st != DB_OK || rows_bool(rows, 0, "may"))
		return st;
	return change_refuse(&w->c, 422, "snooze_until must be in the future, and within a year");
}

static enum db_status
change_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *old = NULL, *new = NULL;
	struct issue_change *w = ctx;
	struct change *c = &w->c;
	struct req *rq = c->rq;
	const char *was, *status;
	enum db_status st;

	if ((st = change_enter(tx, c, &q_issue_enter, RIGHT_EDIT, &old)) != DB_OK)
		return st;
	c->before = c->after = row_object(rq->a, old, 0, issue_json);
	was = rows_text(old, 0, "status");
	status = w->status != NULL ? w->status : was;
	if ((st = check_until(tx, w, status)) != DB_OK)
		return st;
	if (strcmp(status, was) == 0 && (!w->says_until || strcmp(was, "snoozed") != 0))
		return DB_OK;
	st = db_exec(tx, &q_issue_move, DB_ARGS(c->id, rq->user, status, w->snooze_until), &new);
	if (st == DB_NONE)
		return change_refuse(c, 422,
		    arena_fmt(rq->a, "status: only events make an issue %s", status));
	if (st != DB_OK)
		return st;
	c->after = row_object(rq->a, new, 0, issue_json);
	return change_audit(tx, c, "issue.status_changed", "issue", c->id);
}

static int
change_issue(struct req *rq, struct reply *rp)
{
	struct issue_change w = { 0 };

	if (field_read(rq, rp, change_fields, &w) != 0 || change_begin(&w.c, rq, rp, "Issue") != 0)
		return rp->status;
	w.says_until = w.snooze_until != NULL || field_null(rq, "snooze_until");
	return change_reply(rq, rp, db_tx(rq->db, change_body, &w), &w.c, 200, "issue");
}

const struct route routes[] = {
	{ "POST", "/v1/issues/events", ANY_KEY, take_event },
	{ "GET", "/v1/projects/{project}/issues", USER, list_issues, list_params },
	{ "GET", "/v1/issues/{id}", USER, show_issue },
	{ "PATCH", "/v1/issues/{id}", USER, change_issue },
	{ "GET", "/v1/issues/{id}/events", USER, list_events, page_params },
	{ NULL, NULL, 0, NULL },
};
