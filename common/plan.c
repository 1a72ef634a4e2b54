#include "plan.h"

#include "array.h"
#include "moment.h"
#include "queries.h"
#include "schedule.h"
#include "text.h"
#include "version.h"

/* p->kind is known.  0, or the status already answered. */
static int
begin(struct req *rq, struct reply *rp, struct plan *p)
{
	p->environment = rq->arg[1];
	if (p->environment != NULL && !text_is_utf8(p->environment, strlen(p->environment)))
		p->environment = NULL; /* no name at all */
	return change_begin(&p->c, rq, rp, p->kind->noun);
}

/* ---- GET ---- */

int
plan_show(struct req *rq, struct reply *rp, const struct plan_kind *kind)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct plan p = { .kind = kind };
	enum db_status st;

	if (begin(rq, rp, &p) != 0)
		return rp->status;
	st = db_read(rq->db, kind->show,
	    (struct db_args){ kind->show->nargs,
		(const char *const[]){ p.c.id, rq->user, p.environment } },
	    &rows);
	if (st == DB_NONE)
		return http_missing(rq, rp, kind->noun);
	if (st != DB_OK)
		return http_db(rq, rp, st);
	if (!rights_allow(rows_text(rows, 0, "my_role"), RIGHT_VIEW))
		return http_fail(rq, rp, 403, "Forbidden");
	if (rows_text(rows, 0, "place_id") == NULL)
		return http_missing(rq, rp, "Environment");
	if (rows_text(rows, 0, "schedule") == NULL)
		return http_missing(rq, rp, "Schedule");
	rp->etag = version_etag(rq->a, rows_text(rows, 0, "version"));
	return http_object(rq, rp, 200, "schedule", rows_text(rows, 0, "schedule"));
}

/* ---- what every change shares ---- */

/* Copies: the rows are gone afterwards. */
static void
take_state(struct arena *a, const struct db_rows *rows, struct plan_state *s)
{
	s->id = arena_dup(a, rows_text(rows, 0, "id"));
	s->version = arena_dup(a, rows_text(rows, 0, "version"));
	s->json = arena_dup(a, rows_text(rows, 0, "schedule"));
	if (rows_text(rows, 0, "first_at") != NULL)
		s->first_at = arena_dup(a, rows_text(rows, 0, "first_at"));
	s->first_ms = rows_int(rows, 0, "first_ms");
	s->decided = (long)rows_int(rows, 0, "decided");
	s->live = rows_bool(rows, 0, "live");
	s->begun = rows_bool(rows, 0, "begun");
	s->recent = rows_bool(rows, 0, "recent");
	s->due = rows_bool(rows, 0, "due");
}

static enum db_status
look(struct db_tx *tx, struct plan *p, struct plan_state *s)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	enum db_status st;

	*s = (struct plan_state){ 0 };
	if (p->resource == NULL)
		return DB_OK;
	st = db_exec(tx, &q_schedule_state,
	    DB_ARGS(p->kind->resource_kind, p->resource, p->c.rq->user), &rows);
	if (st == DB_OK)
		take_state(p->c.rq->a, rows, s);
	return st == DB_NONE ? DB_OK : st;
}

/* Note the schedule, lock the resource, look again. */
static enum db_status
enter(struct db_tx *tx, struct plan *p)
{
	enum db_status st;

	p->resource = NULL;
	if ((st = p->kind->find(tx, p)) != DB_OK || (st = look(tx, p, &p->before)) != DB_OK ||
	    (st = p->kind->enter(tx, p)) != DB_OK || (st = look(tx, p, &p->now)) != DB_OK)
		return st;
	if (p->before.id != NULL && p->now.id == NULL) /* a preview locks nothing */
		return change_missing(&p->c);
	p->c.before = p->now.live ? p->now.json : NULL;
	if (p->before.live && strcmp(p->before.id, p->now.id) == 0 &&
	    p->now.decided > p->before.decided)
		return change_refuse(&p->c, 409, PLAN_RACED);
	return DB_OK;
}

/* Before there is a schedule, the version is the resource's. */
static enum db_status
check_version(struct plan *p)
{
	const struct plan_state *now = &p->now;
	const char *version = now->live ? now->version : p->resource_version;

	if (version_matches(version, p->version, p->c.rq->if_match))
		return DB_OK;
	if (now->decided > 0 && (!now->live || now->recent))
		return change_refuse(&p->c, 409, PLAN_RACED);
	return change_refuse(&p->c, 412,
	    now->live ? arena_fmt(p->c.rq->a, "version is stale: it is %s now", version)
		      : "version is stale: the schedule has ended");
}

/* After a refusal because the resource stays locked: it is in cron's hands when a moment is due. */
static int
who_holds(struct req *rq, struct reply *rp, const struct plan *p, enum db_status st)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;

	if (st != DB_BUSY || p->resource == NULL ||
	    db_read(rq->db, &q_schedule_state,
		DB_ARGS(p->kind->resource_kind, p->resource, rq->user), &rows) != DB_OK ||
	    !rows_bool(rows, 0, "due"))
		return rp->status;
	rp->retry_after = NULL;
	return http_fail(rq, rp, 409, "The schedule is being carried out");
}

enum db_status
plan_drop(struct db_tx *tx, const struct change *c, const char *id, const char *how)
{
	enum db_status st = db_exec(tx, &q_schedule_drop, DB_ARGS(id, c->rq->user, how), NULL);

	return st == DB_NONE ? DB_OK : st;
}

/* ---- PUT ---- */

/* The first moment to come must be in the future. */
static enum db_status
check_future(struct db_tx *tx, struct plan *p)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	char at[MOMENT_LEN + 1];
	enum db_status st;

	moment_format(p->begins ? p->begin.ms : p->end.ms, at);
	if ((st = db_exec(tx, &q_schedule_future, DB_ARGS(at), &rows)) != DB_OK)
		return st;
	if (rows_bool(rows, 0, "future"))
		return DB_OK;
	return change_refuse(&p->c, 422,
	    arena_fmt(p->c.rq->a, PLAN_PAST, p->begins ? p->kind->first_key : p->kind->end_key));
}

static enum db_status
check(struct db_tx *tx, struct plan *p)
{
	const char *why;
	enum db_status st;

	if ((st = check_version(p)) != DB_OK || (st = plan_resolve(p)) != DB_OK)
		return st;
	if ((why = p->kind->rule(p)) != NULL)
		return change_refuse(&p->c, p->now.recent ? 409 : 422,
		    p->now.recent ? PLAN_RACED : why);
	if ((st = check_future(tx, p)) != DB_OK)
		return st;
	if (p->begins && p->unready != NULL)
		return change_refuse(&p->c, 422,
		    arena_fmt(p->c.rq->a, "Preflight failed: %s", p->unready));
	return DB_OK;
}

/* The row, new or changed; *id gets its id. */
static enum db_status
write_schedule(struct db_tx *tx, struct plan *p, const char **id)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct arena *a = p->c.rq->a;
	const char *user = p->c.rq->user, *tz = zone_version(a), *first_at = NULL, *end_at = NULL;
	const char *days = p->end_time != NULL ? arena_fmt(a, "%d", (int)p->end_days) : NULL;
	char first[MOMENT_LEN + 1], end[MOMENT_LEN + 1];
	enum db_status st;

	moment_format(p->begin.ms, first);
	moment_format(p->end.ms, end);
	if (p->begins)
		first_at = first;
	else if (p->now.live && p->now.begun)
		first_at = p->now.first_at;
	if (p->end_at != NULL)
		end_at = end;
	if (p->now.live)
		st = db_exec(tx, &q_schedule_edit,
		    DB_ARGS(p->now.id, user, p->name, p->zone_name, tz, first_at, end_at, days,
			p->end_time),
		    &rows);
	else
		st = db_exec(tx, &q_schedule_add,
		    DB_ARGS(p->project, user, p->kind->resource_kind, p->resource, p->name,
			p->environment_id, p->environment_name, p->zone_name, tz, first_at, end_at,
			days, p->end_time),
		    &rows);
	if (st == DB_OK)
		*id = arena_dup(a, rows_text(rows, 0, "id"));
	return st;
}

static enum db_status
write_moment(struct db_tx *tx, struct plan *p, const char *id, const char *kind,
    const struct zone_instant *at)
{
	char text[MOMENT_LEN + 1];

	moment_format(at->ms, text);
	return db_exec(tx, &q_schedule_moment,
	    DB_ARGS(id, p->c.rq->user, kind, text, zone_rule_name(at->rule)), NULL);
}

/* What an edit leaves out will not come. */
static enum db_status
write_moments(struct db_tx *tx, struct plan *p, const char *id)
{
	const struct plan_kind *k = p->kind;
	struct array kept;
	enum db_status st;

	array_init(&kept, p->c.rq->a, 64);
	if (p->begins)
		array_add(&kept, k->first_moment);
	if (p->ends)
		array_add(&kept, k->end_moment);
	st = db_exec(tx, &q_schedule_unmoment,
	    DB_ARGS(id, p->c.rq->user, array_text(&kept), REASON_EDITED), NULL);
	if (st != DB_OK && st != DB_NONE)
		return st;
	if (p->begins && (st = write_moment(tx, p, id, k->first_moment, &p->begin)) != DB_OK)
		return st;
	return p->ends ? write_moment(tx, p, id, k->end_moment, &p->end) : DB_OK;
}

static enum db_status
save_body(struct db_tx *tx, void *ctx)
{
	struct plan *p = ctx;
	struct change *c = &p->c;
	struct plan_state saved;
	const char *id = NULL;
	enum db_status st;

	if ((st = enter(tx, p)) != DB_OK || (st = check(tx, p)) != DB_OK || p->preview)
		return st;
	if ((st = write_schedule(tx, p, &id)) != DB_OK ||
	    (st = write_moments(tx, p, id)) != DB_OK || (st = p->kind->touch(tx, p)) != DB_OK ||
	    (st = look(tx, p, &saved)) != DB_OK)
		return st;
	c->after = saved.json;
	p->etag = version_etag(c->rq->a, saved.version);
	return change_audit(tx, c, p->now.live ? "schedule.edited" : "schedule.created",
	    p->kind->resource_kind, p->resource);
}

int
plan_save(struct req *rq, struct reply *rp, const struct plan_kind *kind)
{
	struct plan p = { .kind = kind };
	enum db_status st;
	int status;

	if (plan_read(rq, rp, &p) != 0 || begin(rq, rp, &p) != 0)
		return rp->status;
	st = db_tx(rq->db, save_body, &p);
	status = p.now.live ? 200 : 201;
	if (change_reply(rq, rp, st, &p.c, status, "schedule") == status)
		rp->etag = p.etag;
	return who_holds(rq, rp, &p, st);
}

/* ---- POST …/preview ---- */

int
plan_preview(struct req *rq, struct reply *rp, const struct plan_kind *kind)
{
	struct plan p = { .kind = kind, .preview = true };
	struct out *o;

	if (plan_read(rq, rp, &p) != 0 || begin(rq, rp, &p) != 0 ||
	    change_failed(rq, rp, db_tx(rq->db, save_body, &p), &p.c) != 0)
		return rp->status;
	o = http_begin(rq, rp, 200);
	out_open(o, '{');
	out_key(o, "preview");
	plan_preview_json(o, &p);
	out_close(o, '}');
	return rp->status;
}

/* ---- DELETE ---- */

static const struct field cancel_fields[] = {
	INT(struct plan, version, NULLABLE),
	{ 0 },
};

static enum db_status
cancel_body(struct db_tx *tx, void *ctx)
{
	struct plan *p = ctx;
	struct change *c = &p->c;
	struct plan_state after;
	enum db_status st;

	if ((st = enter(tx, p)) != DB_OK)
		return st;
	if (!p->now.live)
		return p->now.recent ? change_refuse(c, 409, PLAN_RACED)
				     : change_refuse(c, 404, "Schedule not found");
	if ((st = check_version(p)) != DB_OK)
		return st;
	st = db_exec(tx, &q_schedule_unmoment,
	    DB_ARGS(p->now.id, c->rq->user, "{}", REASON_CANCELLED), NULL);
	if (st != DB_OK && st != DB_NONE)
		return st;
	if ((st = db_exec(tx, &q_schedule_cancel, DB_ARGS(p->now.id, c->rq->user), NULL)) !=
		DB_OK ||
	    (st = p->kind->release(tx, p)) != DB_OK || (st = look(tx, p, &after)) != DB_OK)
		return st;
	c->after = after.json;
	return change_audit(tx, c, "schedule.cancelled", p->kind->resource_kind, p->resource);
}

int
plan_cancel(struct req *rq, struct reply *rp, const struct plan_kind *kind)
{
	struct plan p = { .kind = kind };
	enum db_status st;

	if (field_read(rq, rp, cancel_fields, &p) != 0 || begin(rq, rp, &p) != 0)
		return rp->status;
	st = db_tx(rq->db, cancel_body, &p);
	change_gone(rq, rp, st, &p.c, p.now.id);
	return who_holds(rq, rp, &p, st);
}
