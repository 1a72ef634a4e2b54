#include "issue.h"

#include <string.h>

#include "excerpt.h"
#include "notify.h"
#include "queries.h"
#include "text.h"

#define LABEL_CHARS 60    /* of the resource's name */
#define OWN_NOTICES "100" /* issues of a project that get one within an hour */

/* ---- words ---- */

const char *
issue_body(struct arena *a, const char *title, int64_t times)
{
	const char *count = times > 1 ? arena_fmt(a, " ×%lld", (long long)times) : "";
	size_t room = ISSUE_BODY_CHARS - (times > 1 ? strlen(count) - 1 : 0); /* × has two bytes */

	return arena_fmt(a, "%s%s", excerpt_cut(a, excerpt_fold(a, title), room), count);
}

const char *
issue_digest_title(struct arena *a, int64_t n, const char *project)
{
	return arena_fmt(a, "%s in %s", text_count(a, n, "new issue"), project);
}

const char *
issue_digest_body(struct arena *a, int64_t regressed, int64_t new, const char *cadence)
{
	static const struct {
		const char *cadence, *since;
	} words[] = {
		{ "hourly", "the last hour's digest" },
		{ "6_hourly", "the last six hours' digest" },
		{ "daily", "yesterday's digest" },
		{ "weekly", "last week's digest" },
	};
	const char *since = "the last digest"; /* none, and one is asked for by hand */

	for (size_t i = 0; i < COUNT(words); i++)
		if (strcmp(words[i].cadence, cadence) == 0)
			since = words[i].since;
	return arena_fmt(a, "%s%s%s since %s.",
	    regressed > 0 ? text_count(a, regressed, "regression") : "",
	    regressed > 0 && new > 0 ? ", " : "", new > 0 ? text_count(a, new, "new error") : "",
	    since);
}

/* ---- issue.new ---- */

struct telling {
	struct arena *a;
	const struct conf *conf;
	const char *id;      /* of the issue, or of the project whose shared notice it is */
	const char *request; /* or NULL */
};

const char *
issue_more(struct arena *a, int64_t n)
{
	return arena_fmt(a, "%lld more within an hour. The list has %s.", (long long)n,
	    n == 1 ? "it" : "all of them");
}

/* The notice n to the team of row, mailed once an hour at most. */
static enum db_status
make_notices(struct db_tx *tx, const struct telling *w, const struct db_rows *row, struct notice *n)
{
	enum db_status st;

	n->type = "issue.new";
	n->users = rows_text(row, 0, "users");
	n->team = rows_text(row, 0, "team_id");
	n->team_name = rows_text(row, 0, "team_name");
	n->resource_kind = "issue";
	n->request = w->request;
	n->project_name = rows_text(row, 0, "project_name");
	st = notify_enqueue(tx, w->a, w->conf, n);
	if (st == DB_OK)
		db_later(tx, &q_issue_hush, DB_ARGS(n->users, n->dedupe, n->type, n->project_id));
	return st;
}

static enum db_status
make_own(struct db_tx *tx, const struct telling *w, const struct db_rows *row, const char *dedupe,
    const char *body)
{
	const char *project = rows_text(row, 0, "project_id");
	bool again = strcmp(rows_text(row, 0, "status"), "regressed") == 0;
	struct notice n = {
		.dedupe = dedupe,
		.title = arena_fmt(w->a, "%s in %s", again ? "Regression" : "New issue",
		    rows_text(row, 0, "project_name")),
		.body = body,
		.link = arena_fmt(w->a, "/dashboard/issues?project=%s&id=%s", project, w->id),
		.data = arena_fmt(w->a, "{\"issue_id\":\"%s\"}", w->id),
		.resource_id = w->id,
		.resource_name = excerpt_cut(w->a, body, LABEL_CHARS),
		.project_id = project,
		.environment_id = rows_text(row, 0, "environment_id"),
		.environment_name = rows_text(row, 0, "environment_name"),
	};

	return make_notices(tx, w, row, &n);
}

static void
count_up(struct db_tx *tx, const char *users, const char *dedupe, const char *body)
{
	db_later(tx, &q_notify_lock, DB_ARGS(users));
	db_later(tx, &q_issue_count_up, DB_ARGS(users, dedupe, body));
}

/* The notice that the news of a flood share: made, or counted up. */
static enum db_status
tell_burst(struct db_tx *tx, const struct telling *w, const char *project)
{
	SCOPED(rows_free) struct db_rows *row = NULL;
	struct notice n = { .project_id = project };
	const char *users;
	enum db_status st = db_exec(tx, &q_issue_burst_tell, DB_ARGS(project, OWN_NOTICES), &row);

	if (st != DB_OK || (users = rows_text(row, 0, "users")) == NULL)
		return st;
	n.dedupe = arena_fmt(w->a, "issues:%s:%s", project, rows_text(row, 0, "began"));
	n.body = issue_more(w->a, rows_int(row, 0, "issues"));
	if (rows_bool(row, 0, "is_known")) {
		count_up(tx, users, n.dedupe, n.body);
		return DB_OK;
	}
	n.title = arena_fmt(w->a, "New issues in %s", rows_text(row, 0, "project_name"));
	n.link = arena_fmt(w->a, "/dashboard/issues?project=%s", project);
	return make_notices(tx, w, row, &n);
}

/* News: by notices of its own, or in a flood by the one that all share. */
static enum db_status
tell_news(struct db_tx *tx, const struct telling *w, const struct db_rows *row, const char *dedupe,
    const char *body)
{
	SCOPED(rows_free) struct db_rows *burst = NULL;
	const char *project = rows_text(row, 0, "project_id");
	enum db_status st = db_exec(tx, &q_issue_burst, DB_ARGS(project, OWN_NOTICES), &burst);

	if (st != DB_OK)
		return st;
	if (rows_bool(burst, 0, "is_own"))
		return make_own(tx, w, row, dedupe, body);
	return rows_bool(burst, 0, "tell") ? tell_burst(tx, w, project) : DB_OK;
}

static enum db_status
tell_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *row = NULL;
	struct telling *w = ctx;
	const char *dedupe, *body, *users;
	enum db_status st = db_exec(tx, &q_issue_tell, DB_ARGS(w->id), &row);

	if (st != DB_OK || (users = rows_text(row, 0, "users")) == NULL)
		return st;
	dedupe = arena_fmt(w->a, "issue:%s:%s", w->id, rows_text(row, 0, "round"));
	body = issue_body(w->a, rows_text(row, 0, "title"), rows_int(row, 0, "repeats"));
	if (!rows_bool(row, 0, "is_known"))
		return tell_news(tx, w, row, dedupe, body);
	count_up(tx, users, dedupe, body);
	return DB_OK;
}

enum db_status
issue_tell_in(struct db *db, struct arena *a, const struct conf *conf, const char *id,
    const char *request)
{
	struct telling w = { a, conf, id, request };

	return db_tx(db, tell_body, &w);
}

enum db_status
issue_tell(struct db *db, struct arena *a, const struct conf *conf, const char *id)
{
	return issue_tell_in(db, a, conf, id, NULL);
}

static enum db_status
tell_more_body(struct db_tx *tx, void *ctx)
{
	const struct telling *w = ctx;

	return tell_burst(tx, w, w->id);
}

enum db_status
issue_tell_more(struct db *db, struct arena *a, const struct conf *conf, const char *project)
{
	struct telling w = { a, conf, project, NULL };

	return db_tx(db, tell_more_body, &w);
}
