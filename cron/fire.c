/*
 * fire - carry out what was scheduled.
 *
 * Moments that are due are decided in the order of due_at, each in a transaction of its own, so
 * any number of runs may work at once.  What somebody else holds is left for later in the same
 * run; what cannot be decided at all stays due and stops no other.  SQL: sql/query/fire.sql.
 */
#include "fire.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "queries.h"
#include "schedule.h"

#define RUN_MS      (5 * 60 * 1000)
#define SCRATCH_MAX (16 * 1024 * 1024)
#define KEEP_MAX    (64 * 1024 * 1024) /* every zone that there is needs a tenth */
#define AGAIN_MAX   1000               /* what was held, tried … */
#define ROUNDS      5                  /* … so often … */
#define PAUSE_US    50000              /* … after so long */
#define AWAY_MAX    3                  /* in a row, and the run is over */
#define SHOWN_MAX   100                /* of a dry run */

struct sweep {
	struct fire f;
	int64_t *tally;
	int64_t ends; /* cron_clock() */
	bool sound;
	bool lost;                 /* the database was away, if only for a moment */
	int away;                  /* in a row */
	struct fire_moment *again; /* AGAIN_MAX of them */
	int nagain;
	int shown;
};

struct fire_zone {
	struct fire_zone *next;
	const char *name;
	const struct zone *zone;
};

const struct zone *
fire_zone(struct fire *f, const char *name)
{
	struct fire_zone *z;

	for (z = f->zones; z != NULL; z = z->next)
		if (strcmp(z->name, name) == 0)
			return z->zone;
	z = arena_alloc(&f->keep, sizeof(*z));
	z->name = arena_dup(&f->keep, name);
	if (zone_load(&f->keep, name, &z->zone) != ZONE_OK)
		log_line(LOG_WARN, NULL, "the tz database has no %s", name);
	z->next = f->zones;
	return (f->zones = z)->zone;
}

static bool
is_over(const struct sweep *s)
{
	return cron_ending() || cron_clock() >= s->ends || s->away >= AWAY_MAX;
}

/* ---- the clock ---- */

static int64_t
host_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* MISSED cannot be undone, so a clock that looks wrong declares none.  --at is no clock. */
static bool
check_clock(struct fire *f)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	const char *doubt;

	if (f->run->at != NULL)
		return true;
	if (db_read(f->run->db, &q_fire_clock, (struct db_args){ 0 }, &rows) != DB_OK)
		return cron_failed(f->run);
	doubt =
	    fire_doubt(&f->keep, rows_int(rows, 0, "now"), host_ms(), rows_int(rows, 0, "last"));
	f->doubtful = doubt != NULL;
	if (doubt == NULL)
		return true;
	log_line(LOG_ERROR, NULL, "nothing is declared missed: %s", doubt);
	if (f->run->line != NULL) {
		out_key(f->run->line, "suspicious_clock");
		out_text(f->run->line, doubt);
	}
	return true;
}

/* ---- in earnest ---- */

/* Keep m for another round; false when it cannot be. */
static bool
keep(struct sweep *s, const struct fire_moment *m)
{
	struct arena *a = &s->f.keep;

	if (s->nagain == AGAIN_MAX)
		return false;
	s->again[s->nagain++] = (struct fire_moment){ arena_dup(a, m->id),
		arena_dup(a, m->resource_kind), arena_dup(a, m->resource_id) };
	return true;
}

/* Decide one; whether to try it again. */
static bool
decide(struct sweep *s, const struct fire_moment *m)
{
	enum fire_tally what = FIRE_SKIPPED;
	enum fire_end end = fire_one(&s->f, m, &what);

	s->away = end == FIRE_AWAY ? s->away + 1 : 0;
	s->lost |= end == FIRE_AWAY;
	s->sound &= end != FIRE_BROKEN;
	switch (end) {
	case FIRE_DONE:
		s->tally[what]++;
		return false;
	case FIRE_GONE:
		return false;
	case FIRE_AGAIN:
	case FIRE_AWAY:
		return true;
	case FIRE_LEFT:
	case FIRE_BROKEN:
	default:
		s->tally[FIRE_SKIPPED]++;
		return false;
	}
}

static void
decide_page(struct sweep *s, const struct db_rows *rows)
{
	int id = rows_count(rows) > 0 ? rows_col(rows, "id") : 0;

	for (int i = 0; i < rows_count(rows) && !is_over(s); i++) {
		struct fire_moment m = { rows_at(rows, i, id), rows_text(rows, i, "resource_kind"),
			rows_text(rows, i, "resource_id") };

		if (decide(s, &m) && !keep(s, &m))
			s->tally[FIRE_SKIPPED]++;
	}
}

/* What was held, after a short while; what still is then is left for the next run. */
static void
decide_again(struct sweep *s)
{
	for (int round = 0; round < ROUNDS && s->nagain > 0 && !is_over(s); round++) {
		int left = 0;

		usleep(PAUSE_US);
		for (int i = 0; i < s->nagain; i++)
			if (is_over(s) || decide(s, &s->again[i]))
				s->again[left++] = s->again[i];
		s->nagain = left;
	}
	s->tally[FIRE_SKIPPED] += s->nagain;
	s->sound &= !s->lost || s->nagain == 0;
}

/* ---- a dry run ---- */

/* What follows is judged as if its first moment had fired. */
static const char *
state_by_then(const struct db_rows *rows, const char *state)
{
	if (!rows_bool(rows, 0, "waits") || state == NULL || strcmp(state, "ARCHIVED") == 0)
		return state;
	return strcmp(rows_text(rows, 0, "kind"), "end") == 0 ? "RUNNING" : "on";
}

static void
show(struct sweep *s, const struct fire_moment *m, const struct db_rows *rows,
    const struct fire_verdict *v)
{
	struct out *o = s->f.run->line;

	if (o == NULL || s->shown++ >= SHOWN_MAX)
		return;
	out_open(o, '{');
	out_key(o, "moment");
	out_text(o, m->id);
	out_key(o, "kind");
	out_text(o, rows_text(rows, 0, "kind"));
	out_key(o, "resource_kind");
	out_text(o, m->resource_kind);
	out_key(o, "resource_id");
	out_text(o, m->resource_id);
	out_key(o, "due_at");
	out_moment(o, rows_text(rows, 0, "due_at"));
	out_key(o, "is_due");
	out_bool(o, rows_bool(rows, 0, "is_due"));
	out_key(o, "verdict");
	out_text(o, fire_outcome(v->outcome));
	out_key(o, "reason");
	out_text(o, v->reason);
	out_close(o, '}');
}

/* The verdict that m would get now; whether to go on. */
static bool
foresee(struct sweep *s, const struct fire_moment *m)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct fire *f = &s->f;
	struct fire_case c;
	struct fire_verdict v;
	enum db_status st = db_read(f->run->db, &q_fire_look, DB_ARGS(m->id, f->run->at), &rows);

	if (st == DB_NONE)
		return true;
	if (st != DB_OK)
		return s->sound = cron_failed(f->run);
	arena_reset(&f->scratch);
	fire_read_case(f, rows, &c);
	c.state = state_by_then(rows, c.state);
	v = fire_decide(&c);
	if (rows_bool(rows, 0, "is_due"))
		s->tally[v.outcome]++;
	else if (s->shown >= SHOWN_MAX || f->run->line == NULL)
		return false; /* in order of due_at: nothing more to count or show */
	show(s, m, rows, &v);
	return true;
}

static bool
foresee_page(struct sweep *s, const struct db_rows *rows)
{
	for (int i = 0; i < rows_count(rows); i++) {
		struct fire_moment m = { rows_text(rows, i, "id"),
			rows_text(rows, i, "resource_kind"), rows_text(rows, i, "resource_id") };

		if (is_over(s) || !foresee(s, &m))
			return false;
	}
	return true;
}

/* ---- the run ---- */

static void
sweep_all(struct sweep *s)
{
	const struct run *run = s->f.run;
	char at[64] = "-infinity", id[64] = "00000000-0000-0000-0000-000000000000";
	bool more = true;

	while (more && !is_over(s)) {
		SCOPED(rows_free) struct db_rows *rows = NULL;
		enum db_status st = db_read(run->db, &q_fire_due,
		    DB_ARGS(run->at, run->dry ? "true" : "false", at, id), &rows);
		int n = rows_count(rows);

		if (st != DB_OK) {
			s->sound &= st == DB_NONE || cron_failed(run);
			return;
		}
		snprintf(at, sizeof(at), "%s", rows_text(rows, n - 1, "due_at"));
		snprintf(id, sizeof(id), "%s", rows_text(rows, n - 1, "id"));
		if (run->dry)
			more = foresee_page(s, rows);
		else
			decide_page(s, rows);
	}
}

bool
fire_job(const struct run *run, int64_t tally[TALLY_MAX])
{
	struct sweep s = { .f = { .run = run }, .tally = tally, .sound = true };

	arena_init(&s.f.keep, KEEP_MAX);
	arena_init(&s.f.scratch, SCRATCH_MAX);
	s.again = arena_alloc(&s.f.keep, AGAIN_MAX * sizeof(*s.again));
	s.ends = cron_clock() + RUN_MS;
	if (!check_clock(&s.f)) {
		s.sound = false;
	} else if (run->dry && run->line != NULL) {
		out_key(run->line, "moments");
		out_open(run->line, '[');
		sweep_all(&s);
		out_close(run->line, ']');
	} else {
		sweep_all(&s);
		decide_again(&s);
	}
	arena_free(&s.f.scratch);
	arena_free(&s.f.keep);
	return s.sound;
}
