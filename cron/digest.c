/*
 * digest - tell teams of their issues: first the notices of single issues that events left
 * behind, then a digest of each project that is due.  Each is a transaction of its own.
 */
#include "cron/digest.h"

#include <string.h>

#include "clock.h"
#include "hands.h"
#include "issue.h"
#include "log.h"
#include "notify.h"
#include "queries.h"

#define ARENA_MAX (16 * 1024 * 1024)

struct digest {
	const struct run *run;
	struct arena *a;
	const char *project;
	bool now;
	int64_t issues;
};

static enum db_status
enqueue(struct db_tx *tx, const struct digest *w, const struct db_rows *row, int64_t regressed,
    int64_t new)
{
	struct arena *a = w->a;
	const char *at = rows_text(row, 0, "at");
	struct notice n = {
		.type = "issue.digest",
		.users = rows_text(row, 0, "users"),
		.dedupe = arena_fmt(a, "digest:%s:%s", w->project, at),
		.team = rows_text(row, 0, "team_id"),
		.team_name = rows_text(row, 0, "team_name"),
		.title = issue_digest_title(a, new + regressed, rows_text(row, 0, "project_name")),
		.body = issue_digest_body(a, regressed, new, rows_text(row, 0, "cadence")),
		.link = arena_fmt(a, "/dashboard/issues?project=%s", w->project),
		.data = arena_fmt(a, "{\"new\":%lld,\"regressed\":%lld}", (long long)new,
		    (long long)regressed),
		.resource_kind = "issue",
		.project_id = w->project,
		.project_name = rows_text(row, 0, "project_name"),
	};

	if (n.users == NULL) /* a team of nobody */
		return DB_NONE;
	db_later(tx, &q_digest_done, DB_ARGS(w->project, at));
	return notify_enqueue(tx, a, w->run->conf, &n);
}

/* A rehearsal only counts. */
static enum db_status
digest_body(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *row = NULL, *count = NULL;
	struct digest *w = ctx;
	bool dry = w->run->dry;
	int64_t regressed, new;
	enum db_status st;

	w->issues = 0;
	st = db_exec(tx, &q_digest_lock, DB_ARGS(w->project, w->run->at, w->now ? "true" : "false"),
	    &row);
	if (st != DB_OK)
		return st;
	if (!dry)
		db_later(tx, &q_digest_hold, DB_ARGS(w->project));
	st = db_exec(tx, dry ? &q_digest_count : &q_digest_take, DB_ARGS(w->project), &count);
	if (st != DB_OK)
		return st;
	regressed = rows_int(count, 0, "regressed");
	new = rows_int(count, 0, "new");
	w->issues = regressed + new;
	if (w->issues == 0)
		return DB_NONE;
	return dry ? DB_OK : enqueue(tx, w, row, regressed, new);
}

enum db_status
digest_project(const struct run *run, struct arena *a, const char *project, bool now,
    int64_t *issues)
{
	struct digest w = { .run = run, .a = a, .project = project, .now = now };
	enum db_status st = db_tx(run->db, digest_body, &w);

	*issues = st == DB_OK ? w.issues : 0;
	return st;
}

/* ---- all that are due, page by page; one that fails stops no other ---- */

struct page {
	const struct run *run;
	const struct db_rows *rows;
	int64_t *tally;
	bool sound;
};

static void
digest_row(struct page *p, struct arena *a, int row)
{
	int64_t issues;

	arena_reset(a);
	switch (digest_project(p->run, a, rows_text(p->rows, row, "id"), false, &issues)) {
	case DB_OK:
		p->tally[DIGEST_DIGESTS]++;
		p->tally[DIGEST_ISSUES] += issues;
		break;
	case DB_NONE:
		break;
	default:
		p->sound = cron_failed(p->run);
	}
}

static void
digest_some(void *ctx, int hand)
{
	struct page *p = ctx;
	struct arena a;

	arena_init(&a, ARENA_MAX);
	for (int i = hand; i < rows_count(p->rows) && !cron_is_over(p->run); i += HANDS)
		digest_row(p, &a, i);
	arena_free(&a);
}

static bool
digest_page(const struct run *run, const struct db_rows *rows, int64_t *tally)
{
	struct page p = { run, rows, tally, true };

	hands_work(run->db, digest_some, &p);
	return p.sound;
}

typedef enum db_status tell_fn(struct db *db, struct arena *a, const struct conf *conf,
    const char *id);

static bool
tell_each(const struct run *run, const struct db_rows *page, int64_t *tally, tell_fn *tell)
{
	struct arena a;
	bool sound = true;

	arena_init(&a, ARENA_MAX);
	for (int i = 0; i < rows_count(page) && !cron_is_over(run); i++) {
		enum db_status st;

		arena_reset(&a);
		st = tell(run->db, &a, run->conf, rows_text(page, i, "id"));
		if (st == DB_OK)
			tally[DIGEST_TOLD]++;
		else if (st != DB_NONE)
			sound = cron_failed(run);
	}
	arena_free(&a);
	return sound;
}

static bool
tell_page(const struct run *run, const struct db_rows *page, int64_t *tally)
{
	return tell_each(run, page, tally, issue_tell);
}

static bool
tell_more_page(const struct run *run, const struct db_rows *page, int64_t *tally)
{
	return tell_each(run, page, tally, issue_tell_more);
}

typedef bool page_fn(const struct run *run, const struct db_rows *page, int64_t *tally);

/* takes_at: the statement's first argument is the moment, then comes the id to go on from. */
static bool
each_page(const struct run *run, const struct db_stmt *st, bool takes_at, page_fn *fn,
    int64_t *tally)
{
	char from[sizeof(CRON_FIRST_ID)] = CRON_FIRST_ID;
	bool sound = true;
	int n = 1;

	while (n > 0 && !cron_is_over(run)) {
		SCOPED(rows_free) struct db_rows *page = NULL;
		enum db_status rc = takes_at ? db_read(run->db, st, DB_ARGS(run->at, from), &page)
					     : db_read(run->db, st, DB_ARGS(from), &page);

		if (rc != DB_OK && rc != DB_NONE)
			return cron_failed(run);
		n = rows_count(page);
		sound = fn(run, page, tally) && sound;
		if (n > 0)
			memcpy(from, rows_text(page, n - 1, "id"), sizeof(from));
	}
	return sound;
}

static bool
count_untold(const struct run *run, int64_t *tally)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;

	if (db_read(run->db, &q_digest_untold, (struct db_args){ 0, NULL }, &rows) != DB_OK)
		return cron_failed(run);
	tally[DIGEST_TOLD] = rows_int(rows, 0, "n");
	return true;
}

/* The same run, with so large a part of the time that is left: none waits for ever behind another. */
static struct run
part_of(const struct run *run, int parts)
{
	struct run part = *run;

	if (part.until != 0)
		part.until = clock_ms() + (run->until - clock_ms()) / parts;
	return part;
}

static bool
tell_untold(const struct run *run, int64_t *tally)
{
	struct run some = part_of(run, 3);
	bool sound = each_page(&some, &q_issue_untold, false, tell_page, tally);

	some = part_of(run, 2);
	return each_page(&some, &q_issue_bursts_behind, false, tell_more_page, tally) && sound;
}

bool
digest_job(const struct run *run, int64_t tally[TALLY_MAX])
{
	bool sound = run->dry ? count_untold(run, tally) : tell_untold(run, tally);

	return each_page(run, &q_digest_due, true, digest_page, tally) && sound;
}
