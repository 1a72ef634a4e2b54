/*
 * fire - carry out what was scheduled.
 *
 * Moments that are due are decided in the order of due_at, each in a transaction of its own, so
 * any number of runs may work at once.  What somebody else holds is left for later in the same
 * run; what cannot be decided at all stays due and stops no other.  SQL: sql/query/fire.sql.
 *
 * A run has several hands that share the moments of a page.  Those of one resource are all in one
 * hand, so that no hand waits for another and a launch comes before its end.
 */
#include "fire.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "hands.h"
#include "log.h"
#include "queries.h"
#include "schedule.h"

#define RUN_MS      (5 * 60 * 1000)
#define SCRATCH_MAX (16 * 1024 * 1024)
#define KEEP_MAX    (64 * 1024 * 1024) /* every zone that there is needs a tenth */
#define PILE_MAX    1000               /* a page; and what was held, tried … */
#define ROUNDS      5                  /* … so often … */
#define PAUSE_US    50000              /* … after so long */
#define AWAY_MAX    3                  /* in a row, and the run is over */
#define SHOWN_MAX   100                /* of a dry run */

struct pile {
	struct fire_moment *m; /* PILE_MAX of them */
	int n;
};

struct sweep {
	struct fire f;
	int64_t *tally;
	int64_t ends; /* clock_ms() */
	bool sound;
	const char *doubt;        /* about the clock, or NULL */
	bool lost;                /* the database was away, if only for a moment */
	int away;                 /* in a row */
	struct fire hands[HANDS]; /* each its own */
	struct pile page, again;  /* what is in hand, and what is to be tried again */
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
	return cron_ending() || clock_ms() >= s->ends || s->away >= AWAY_MAX;
}

/* ---- the clock ---- */

void
fire_watch(struct fire *f, int64_t database_ms, int64_t last_ms)
{
	struct out *line = f->run->line;

	if (f->run->at != NULL || *f->doubt != NULL)
		return;
	*f->doubt = fire_doubt(&f->keep, database_ms, clock_wall_ms(), last_ms);
	if (*f->doubt == NULL)
		return;
	log_line(LOG_ERROR, NULL, "nothing is declared missed: %s", *f->doubt);
	if (line != NULL) {
		out_key(line, "suspicious_clock");
		out_text(line, *f->doubt);
	}
}

static bool
check_clock(struct fire *f)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;

	if (f->run->at != NULL)
		return true;
	if (db_read(f->run->db, &q_fire_clock, (struct db_args){ 0 }, &rows) != DB_OK)
		return cron_failed(f->run);
	fire_watch(f, rows_int(rows, 0, "now"), rows_int(rows, 0, "last"));
	return true;
}

/* ---- in earnest ---- */

/* Keep m for another round, while there is room. */
static void
keep(struct sweep *s, const struct fire_moment *m)
{
	struct arena *a = &s->f.keep;

	if (s->again.n == PILE_MAX)
		s->tally[FIRE_SKIPPED]++;
	else
		s->again.m[s->again.n++] = (struct fire_moment){ arena_dup(a, m->id),
			arena_dup(a, m->resource_kind), arena_dup(a, m->resource_id), m->share };
}

/* Whether the database is there: a moment may have broken its own connection, and that alone. */
static bool
is_there(const struct run *run)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;

	return db_read(run->db, &q_fire_clock, (struct db_args){ 0 }, &rows) == DB_OK;
}

/* Decide one; whether to try it again. */
static bool
decide(struct sweep *s, struct fire *f, const struct fire_moment *m)
{
	enum fire_tally what = FIRE_SKIPPED;
	enum fire_end end = fire_one(f, m, &what);

	s->away = end == FIRE_AWAY && !is_there(f->run) ? s->away + 1 : 0;
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

/* A hand's share of the page. */
static void
work(void *ctx, int hand)
{
	struct sweep *s = ctx;

	for (int i = 0; i < s->page.n; i++) {
		struct fire_moment *m = &s->page.m[i];

		if (m->share % HANDS == (uint64_t)hand &&
		    (is_over(s) || decide(s, &s->hands[hand], m)))
			keep(s, m);
	}
}

static void
decide_page(struct sweep *s)
{
	hands_work(s->f.run->db, work, s);
}

static void
decide_rows(struct sweep *s, const struct db_rows *rows)
{
	s->page.n = rows_count(rows);
	for (int i = 0; i < s->page.n; i++)
		s->page.m[i] = (struct fire_moment){ rows_text(rows, i, "id"),
			rows_text(rows, i, "resource_kind"), rows_text(rows, i, "resource_id"),
			(uint64_t)rows_int(rows, i, "share") };
	decide_page(s);
}

/* What was held, after a short while; what still is then is left for the next run. */
static void
decide_again(struct sweep *s)
{
	for (int round = 0; round < ROUNDS && s->again.n > 0 && !is_over(s); round++) {
		struct pile done = s->page;

		usleep(PAUSE_US);
		s->page = s->again;
		s->again = (struct pile){ done.m, 0 };
		decide_page(s);
	}
	s->tally[FIRE_SKIPPED] += s->again.n;
	s->sound &= !s->lost || s->again.n == 0;
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
	char at[64] = "-infinity", id[64] = CRON_FIRST_ID;
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
			decide_rows(s, rows);
	}
}

static void
open_fire(struct fire *f, struct sweep *s, const struct run *run)
{
	f->run = run;
	f->doubt = &s->doubt;
	arena_init(&f->keep, KEEP_MAX);
	arena_init(&f->scratch, SCRATCH_MAX);
}

static void
close_fire(struct fire *f)
{
	arena_free(&f->scratch);
	arena_free(&f->keep);
}

static void
sweep_in_earnest(struct sweep *s)
{
	struct arena *a = &s->f.keep;

	s->page.m = arena_alloc(a, PILE_MAX * sizeof(*s->page.m));
	s->again.m = arena_alloc(a, PILE_MAX * sizeof(*s->again.m));
	for (int i = 0; i < HANDS; i++)
		open_fire(&s->hands[i], s, s->f.run);
	sweep_all(s);
	decide_again(s);
	for (int i = 0; i < HANDS; i++)
		close_fire(&s->hands[i]);
}

bool
fire_job(const struct run *run, int64_t tally[TALLY_MAX])
{
	struct sweep s = { .tally = tally, .sound = true };

	open_fire(&s.f, &s, run);
	s.ends = clock_ms() + RUN_MS;
	if (!check_clock(&s.f)) {
		s.sound = false;
	} else if (!run->dry) {
		s.sound = fire_zones(&s.f);
		sweep_in_earnest(&s);
	} else if (run->line == NULL) {
		sweep_all(&s);
	} else {
		out_key(run->line, "moments");
		out_open(run->line, '[');
		sweep_all(&s);
		out_close(run->line, ']');
	}
	close_fire(&s.f);
	return s.sound;
}
