/*
 * toggle - run enables a flag in one environment, pause disables it there.  What is there
 * already stays, is answered 200 with "changed":false, and leaves no trace in the audit log.
 */
#include <string.h>

#include "cgi/flags/flags.h"
#include "plan.h"
#include "queries.h"
#include "text.h"

struct toggle {
	struct flag_change flag;
	const char *environment; /* as it stands in the path */
	bool enable;
	bool changed;
};

/* What the audit log says of a toggle; place is a row of flag_place. */
static const char *
toggle_object(struct arena *a, const struct db_rows *place, const struct db_rows *state)
{
	struct out o;

	out_init(&o, a, 256);
	out_open(&o, '{');
	row_text(&o, place, 0, "key");
	row_named(&o, place, 0, "environment");
	row_bool(&o, state, 0, "enabled");
	if (rows_text(state, 0, "schedule") != NULL)
		row_json(&o, state, 0, "schedule");
	out_close(&o, '}');
	return arena_ndup(a, o.s, o.n);
}

/* DB_OK with the environment's row in place, or refused. */
static enum db_status
find_place(struct db_tx *tx, struct toggle *w, struct db_rows **place)
{
	struct change *c = &w->flag.c;
	enum db_status st;

	st = db_exec(tx, &q_flag_place, DB_ARGS(c->id, c->rq->user, w->environment), place);
	if (st != DB_OK)
		return st;
	if (rows_text(*place, 0, "environment_id") == NULL)
		return change_refuse(c, 404, "Environment not found");
	if ((st = change_version(c, *place, w->flag.version)) != DB_OK)
		return st;
	if (strcmp(rows_text(*place, 0, "status"), "ARCHIVED") == 0)
		return change_refuse(c, 422, "The flag is archived");
	return DB_OK;
}

static enum db_status
toggle_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *place = NULL, *state = NULL;
	struct toggle *w = ctx;
	struct change *c = &w->flag.c;
	struct req *rq = c->rq;
	enum db_status st;

	if ((st = change_enter(tx, c, &q_flag_enter, RIGHT_PUBLISH, NULL)) != DB_OK ||
	    (st = find_place(tx, w, &place)) != DB_OK)
		return st;
	w->changed = rows_bool(place, 0, "enabled") != w->enable;
	if (!w->changed)
		return flag_after(tx, &w->flag, c->id);
	if ((st = plan_drop(tx, c, rows_text(place, 0, "place_id"), w->enable ? "run" : "pause")) !=
	    DB_OK)
		return st;
	st = db_exec(tx, &q_flag_toggle,
	    DB_ARGS(c->id, rq->user, rows_text(place, 0, "environment_id"),
		w->enable ? "true" : "false"),
	    &state);
	if (st != DB_OK)
		return st;
	c->before = toggle_object(rq->a, place, place);
	c->after = toggle_object(rq->a, place, state);
	st = change_audit(tx, c, w->enable ? "flag.enabled" : "flag.disabled", "flag", c->id);
	return st == DB_OK ? flag_after(tx, &w->flag, c->id) : st;
}

static int
toggle(struct req *rq, struct reply *rp, bool enable)
{
	struct toggle w = { .enable = enable, .environment = rq->arg[1] };
	struct out *o;

	if (field_read(rq, rp, flag_version_fields, &w.flag) != 0 ||
	    change_begin(&w.flag.c, rq, rp, "Flag") != 0)
		return rp->status;
	if (!text_is_utf8(w.environment, strlen(w.environment)))
		w.environment = NULL; /* no name at all */
	if (change_failed(rq, rp, db_tx(rq->db, toggle_body, &w), &w.flag.c) != 0)
		return rp->status;
	rp->etag = w.flag.etag;
	o = http_begin(rq, rp, 200);
	out_open(o, '{');
	out_key(o, "flag");
	out_json(o, w.flag.c.after);
	out_key(o, "changed");
	out_bool(o, w.changed);
	out_close(o, '}');
	return rp->status;
}

int
run_flag(struct req *rq, struct reply *rp)
{
	return toggle(rq, rp, true);
}

int
pause_flag(struct req *rq, struct reply *rp)
{
	return toggle(rq, rp, false);
}
