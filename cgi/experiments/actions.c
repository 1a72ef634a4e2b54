/* experiments: publish, pause, resume, stop, archive. */
#include "cgi/experiments/experiments.h"

#include "field.h"
#include "lifecycle.h"
#include "plan.h"
#include "preflight.h"
#include "queries.h"
#include "version.h"

static const struct action {
	const char *name; /* in the path, and in lifecycle.h */
	const char *done; /* of "cannot be …", and of the audit log */
} actions[] = {
	{ "publish", "published" },
	{ "pause", "paused" },
	{ "resume", "resumed" },
	{ "stop", "stopped" },
	{ "archive", "archived" },
};

struct action_change {
	struct change c;
	const struct action *action;
	const char *version;        /* that the caller has seen, or NULL */
	const char *next, *changed; /* status and version afterwards */
};

static const struct field action_fields[] = {
	INT(struct action_change, version, NULLABLE),
	{ 0 },
};

/* The action that ends the path; the table of routes lets no other end through. */
static const struct action *
named(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	size_t i = 0;

	while (i < COUNT(actions) - 1 && strcmp(actions[i].name, name) != 0)
		i++;
	return &actions[i];
}

/* What stands against the action on the experiment as it is now: DB_OK, or refused. */
static enum db_status
action_rule(struct action_change *w, const struct db_rows *old)
{
	const char *status = rows_text(old, 0, "status"), *failed = NULL;
	struct change *c = &w->c;
	struct arena *a = c->rq->a;

	w->next = lifecycle_next(status, w->action->name);
	if (w->next == NULL)
		return change_refuse(c, 422,
		    arena_fmt(a, "An experiment that is %s cannot be %s", status, w->action->done));
	if (strcmp(status, "DRAFT") == 0)
		failed = preflight_refusal(a, old, 0);
	if (failed != NULL)
		return change_refuse(c, 422, arena_fmt(a, "Preflight failed: %s", failed));
	return DB_OK;
}

static enum db_status
action_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *old = NULL, *new = NULL;
	struct action_change *w = ctx;
	struct change *c = &w->c;
	struct req *rq = c->rq;
	enum db_status st;

	if ((st = change_open(tx, c, &q_experiment_enter, &q_experiment_show, RIGHT_PUBLISH,
		 &old)) != DB_OK ||
	    (st = change_version(c, old, w->version)) != DB_OK ||
	    (st = action_rule(w, old)) != DB_OK)
		return st;
	c->before = row_object(rq->a, old, 0, experiment_json);
	if ((st = plan_drop(tx, c, c->id, "all")) != DB_OK)
		return st;
	st = db_exec(tx, &q_experiment_move, DB_ARGS(c->id, rq->user, w->next), &new);
	if (st != DB_OK)
		return st;
	c->after = row_object(rq->a, new, 0, experiment_json);
	w->changed = arena_dup(rq->a, rows_text(new, 0, "version"));
	return change_audit(tx, c, arena_fmt(rq->a, "experiment.%s", w->action->done), "experiment",
	    c->id);
}

int
act_on_experiment(struct req *rq, struct reply *rp)
{
	struct action_change w = { .action = named(rq->path) };

	if (field_read(rq, rp, action_fields, &w) != 0 ||
	    change_begin(&w.c, rq, rp, "Experiment") != 0)
		return rp->status;
	if (change_reply(rq, rp, db_tx(rq->db, action_body, &w), &w.c, 200, "experiment") == 200)
		rp->etag = version_etag(rq->a, w.changed);
	return rp->status;
}
