/*
 * fire: one moment in one transaction.
 *
 * The state, the moment's outcome, the audit entry and the news commit together or not at all.
 * All that the verdict is made of is read after the locks were taken.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "fire_words.h"
#include "log.h"
#include "metric.h"
#include "moment.h"
#include "notify.h"
#include "preflight.h"
#include "queries.h"
#include "schedule.h"

#define FATE_TRIES 4 /* how often a lost COMMIT is asked after … */
#define FATE_US    50000

/* The body's context: what it is about, and how the last run of it ended. */
struct attempt {
	struct fire *f;
	const struct fire_moment *m;
	enum fire_end end;
	enum fire_tally what;
	int64_t late_ms;
	char xact[24]; /* the transaction's number, once all was looked at */
};

/* Leave it: nothing has been written. */
static enum db_status
leave(struct attempt *t, enum fire_end end)
{
	t->end = end;
	return DB_NONE;
}

static bool
is_experiment(const struct fire_moment *m)
{
	return strcmp(m->resource_kind, "experiment") == 0;
}

enum db_status
fire_hold(struct db_tx *tx, struct fire *f, const struct fire_moment *m, struct db_rows **rows,
    bool *is_open)
{
	const struct db_stmt *what = is_experiment(m) ? &q_fire_hold_experiment : &q_fire_hold_flag;
	enum db_status st = db_exec(tx, what, DB_ARGS(m->resource_id, m->id), NULL);

	*is_open = st == DB_OK;
	if (st == DB_NONE) {
		st = db_exec(tx, &q_fire_is_open, DB_ARGS(m->id), NULL);
		*is_open = st == DB_OK;
		return st == DB_OK ? DB_NONE : st;
	}
	if (st != DB_OK)
		return st;
	db_later(tx, &q_fire_hold_member, DB_ARGS(m->id));
	return db_exec(tx, &q_fire_look, DB_ARGS(m->id, f->run->at), rows);
}

void
fire_read_case(struct fire *f, const struct db_rows *rows, struct fire_case *c)
{
	const char *status = rows_text(rows, 0, "status");
	bool is_flag = strcmp(rows_text(rows, 0, "resource_kind"), "flag_environment") == 0;

	*c = (struct fire_case){
		.kind = rows_text(rows, 0, "kind"),
		.state = status,
		.strict = rows_bool(rows, 0, "strict_schedules"),
		.role = rows_text(rows, 0, "role"),
		.late_ms = rows_int(rows, 0, "late_ms"),
		.doubtful = *f->doubt != NULL,
	};
	if (status == NULL)
		return;
	if (!is_flag)
		c->preflight = preflight_refusal(&f->scratch, rows, 0);
	else if (strcmp(status, "ARCHIVED") != 0)
		c->state = rows_bool(rows, 0, "enabled") ? "on" : "off";
}

/* Whether the schedule's other moment follows this one, and goes when it does not fire. */
static bool
drops(const struct db_rows *rows, const struct fire_verdict *v)
{
	const char *kind = rows_text(rows, 0, "kind");

	return v->outcome != FIRE_FIRED && rows_text(rows, 0, "the_other") != NULL &&
	    (strcmp(kind, "launch") == 0 ||
		(strcmp(kind, "enable") == 0 && rows_text(rows, 0, "end_days") != NULL));
}

/* A relative end is counted from the moment that has fired: its rule when that gives another
 * instant than was worked out when it was saved, else NULL. */
static const char *
moved_end(const struct fire_news *n, char at[MOMENT_LEN + 1])
{
	const struct db_rows *rows = n->rows;
	struct zone_instant end;

	if (n->v->outcome != FIRE_FIRED || n->zone == NULL ||
	    rows_text(rows, 0, "the_other") == NULL || rows_text(rows, 0, "end_days") == NULL ||
	    !schedule_end(n->zone, rows_int(rows, 0, "due_ms"), (int)rows_int(rows, 0, "end_days"),
		rows_text(rows, 0, "end_time"), &end))
		return NULL;
	if (end.ms == rows_int(rows, 0, "other_due_ms") || end.ms <= rows_int(rows, 0, "due_ms"))
		return NULL;
	moment_format(end.ms, at);
	return zone_rule_name(end.rule);
}

static void
settle(struct db_tx *tx, const struct fire_moment *m, const struct fire_news *n)
{
	char at[MOMENT_LEN + 1];
	const char *rule = moved_end(n, at);

	db_later(tx, &q_fire_settle,
	    DB_ARGS(m->id, fire_outcome(n->v->outcome), n->v->reason,
		n->drops ? REASON_NOT_STARTED : NULL, rule != NULL ? at : NULL, rule));
}

/* The resource's new state, or only its version: its schedule is a part of it. */
static void
apply(struct db_tx *tx, const struct fire_moment *m, const struct fire_news *n)
{
	const char *to = n->v->to;

	if (n->c->state == NULL)
		return;
	if (!is_experiment(m) && to != NULL)
		to = strcmp(to, "on") == 0 ? "true" : "false";
	db_later(tx, is_experiment(m) ? &q_fire_experiment : &q_fire_flag,
	    DB_ARGS(m->resource_id, to));
}

/* {"status":…} or {"enabled":…}; NULL of what is gone. */
static void
put_state(struct out *o, const struct fire_moment *m, const char *state)
{
	bool plain = is_experiment(m) || strcmp(state, "ARCHIVED") == 0;

	out_key(o, plain ? "status" : "enabled");
	if (plain)
		out_text(o, state);
	else
		out_bool(o, strcmp(state, "on") == 0);
}

static const char *
state_before(struct arena *a, const struct fire_moment *m, const struct fire_news *n)
{
	struct out o;

	if (n->c->state == NULL)
		return NULL;
	out_init(&o, a, 64);
	out_open(&o, '{');
	put_state(&o, m, n->c->state);
	out_close(&o, '}');
	return arena_ndup(a, o.s, o.n);
}

static const char *
state_after(struct arena *a, const struct fire_moment *m, const struct fire_news *n)
{
	struct out o;

	out_init(&o, a, 256);
	out_open(&o, '{');
	if (n->c->state != NULL)
		put_state(&o, m, n->v->to != NULL ? n->v->to : n->c->state);
	out_key(&o, "moment");
	out_text(&o, n->c->kind);
	out_key(&o, "due_at");
	out_moment(&o, rows_text(n->rows, 0, "due_at"));
	out_key(&o, "reason");
	out_text(&o, n->v->reason);
	out_key(&o, "late_seconds");
	out_int(&o, n->c->late_ms / 1000);
	out_close(&o, '}');
	return arena_ndup(a, o.s, o.n);
}

static void
write_audit(struct db_tx *tx, struct arena *a, const struct fire_moment *m,
    const struct fire_news *n)
{
	static const char *const actions[] = { "schedule.fired", "schedule.missed",
		"schedule.failed" };
	struct audit entry = { rows_text(n->rows, 0, "team_id"), actions[n->v->outcome],
		m->resource_kind, m->resource_id, state_before(a, m, n), state_after(a, m, n) };

	audit_system(tx, rows_text(n->rows, 0, "scheduled_by"), &entry);
}

static enum db_status
tell(struct db_tx *tx, struct fire *f, const struct fire_moment *m, const struct fire_news *n)
{
	struct arena *a = &f->scratch;
	const struct db_rows *r = n->rows;
	struct notice notice = {
		.type = fire_type(n->c, n->v),
		.users = rows_text(r, 0, "recipients"),
		.dedupe = arena_fmt(a, "moment:%s", m->id),
		.team = rows_text(r, 0, "team_id"),
		.title = fire_title(a, n),
		.body = fire_body(a, n),
		.link = fire_link(a, n),
		.data = fire_data(a, n),
		.resource_kind = m->resource_kind,
		.resource_id = m->resource_id,
		.resource_name = rows_text(r, 0, "resource_name"),
		.project_id = rows_text(r, 0, "project_id"),
		.project_name = rows_text(r, 0, "project_name"),
		.environment_id = rows_text(r, 0, "environment_id"),
		.environment_name = rows_text(r, 0, "environment_name"),
	};

	fire_mail(a, n, rows_int(r, 0, "due_ms"), &notice);
	if (strcmp(notice.users, "{}") == 0)
		log_line(LOG_WARN, NULL, "moment %s: there is nobody to tell", m->id);
	return notify_enqueue(tx, a, f->run->conf, &notice);
}

/* All writes, inboxes last: they are what others wait for most.  They travel with COMMIT, so
 * inboxes are locked for no longer than it takes. */
static enum db_status
carry_out(struct db_tx *tx, struct attempt *t, const struct fire_news *n)
{
	apply(tx, t->m, n);
	settle(tx, t->m, n);
	write_audit(tx, &t->f->scratch, t->m, n);
	t->end = FIRE_DONE;
	t->what = n->v->outcome;
	t->late_ms = n->c->late_ms;
	return tell(tx, t->f, t->m, n);
}

static enum db_status
attempt(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct attempt *t = ctx;
	struct fire *f = t->f;
	struct fire_case c;
	struct fire_verdict v;
	enum db_status st;
	bool is_open;

	arena_reset(&f->scratch);
	t->end = FIRE_GONE;
	st = fire_hold(tx, f, t->m, &rows, &is_open);
	if (st == DB_NONE && is_open)
		return leave(t, FIRE_AGAIN);
	if (st != DB_OK)
		return st;
	snprintf(t->xact, sizeof(t->xact), "%s", rows_text(rows, 0, "xact"));
	if (!rows_bool(rows, 0, "is_due")) /* moved meanwhile */
		return DB_NONE;
	if (rows_int(rows, 0, "late_ms") > FIRE_LATE_MS)
		fire_watch(f, rows_int(rows, 0, "due_ms") + rows_int(rows, 0, "late_ms"), 0);
	fire_read_case(f, rows, &c);
	if (rows_bool(rows, 0, "waits"))
		return leave(t, FIRE_AGAIN);
	if ((v = fire_decide(&c)).outcome == FIRE_SKIPPED)
		return leave(t, FIRE_LEFT);
	return carry_out(tx, t,
	    &(struct fire_news){ rows, &c, &v, drops(rows, &v),
		fire_zone(f, rows_text(rows, 0, "time_zone")), fire_zone(f, "UTC") });
}

/*
 * The connection broke.  Where all had been written, perhaps only the answer to COMMIT was
 * lost: then it is done, and ours.  Whatever else is true, the moment is looked at again.
 */
static bool
is_committed(const struct attempt *t)
{
	struct db *db = t->f->run->db;

	if (t->end != FIRE_DONE)
		return false;
	for (int tries = 0; tries < FATE_TRIES; tries++) {
		SCOPED(rows_free) struct db_rows *rows = NULL;

		if (tries > 0)
			usleep(FATE_US); /* for the server to find out that we are gone */
		if (db_read(db, &q_fire_fate, DB_ARGS(t->xact, t->m->id), &rows) == DB_OK &&
		    !rows_bool(rows, 0, "open"))
			return rows_bool(rows, 0, "ours");
	}
	return false;
}

/* How an attempt whose transaction is over, and known to be, has ended. */
static enum fire_end
ended(const struct attempt *t, enum fire_tally *what)
{
	static const char *const outcomes[] = { METRIC_MOMENT_OUTCOMES };

	*what = t->what;
	if (t->end == FIRE_DONE) {
		metric_event(METRIC_MOMENTS, outcomes[t->what], NULL, 1);
		metric_late(t->late_ms);
	}
	return t->end;
}

enum fire_end
fire_one(struct fire *f, const struct fire_moment *m, enum fire_tally *what)
{
	struct attempt t = { .f = f, .m = m };

	switch (db_tx(f->run->db, attempt, &t)) {
	case DB_OK:
	case DB_NONE:
		return ended(&t, what);
	case DB_BUSY:
	case DB_RETRY:
		log_line(LOG_WARN, NULL, "moment %s put off: %s", m->id, db_error(f->run->db));
		return FIRE_AGAIN;
	case DB_AWAY:
		log_line(LOG_WARN, NULL, "moment %s put off: %s", m->id, db_error(f->run->db));
		return is_committed(&t) ? ended(&t, what) : FIRE_AWAY;
	default:
		log_line(LOG_ERROR, NULL, "moment %s cannot be decided: %s", m->id,
		    db_error(f->run->db));
		return FIRE_BROKEN;
	}
}
