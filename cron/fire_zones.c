/*
 * fire: relative ends worked out anew when the tz database is a newer one.
 *
 * Each schedule keeps the version that its end was worked out with, so a run only asks for those of
 * an older one: an index, and nothing in it until tzdata changes.
 */
#include <string.h>

#include "array.h"
#include "audit.h"
#include "clock.h"
#include "fire_words.h"
#include "moment.h"
#include "notify.h"
#include "queries.h"
#include "schedule.h"

#define TIME_MS (30 * 1000) /* of a run: what is due must not wait for long */

struct rezone {
	struct fire *f;
	const struct fire_moment *m;
	const char *version; /* that is installed */
	bool done;
};

/* Whether the end in that row is another instant now. */
static bool
has_moved(struct fire *f, const struct db_rows *rows, int row, struct zone_instant *end)
{
	int days = rows_col(rows, "end_days"), time = rows_col(rows, "end_time");
	const struct zone *z = fire_zone(f, rows_at(rows, row, rows_col(rows, "time_zone")));
	int64_t first = rows_int(rows, row, "first_ms");

	return z != NULL && rows_at(rows, row, days) != NULL &&
	    rows_text(rows, row, "due_ms") != NULL &&
	    schedule_end(z, first, (int)rows_int(rows, row, "end_days"), rows_at(rows, row, time),
		end) &&
	    end->ms > first && end->ms != rows_int(rows, row, "due_ms");
}

/* ---- one that moves ---- */

static enum db_status
write_audit(struct db_tx *tx, const struct fire_moment *m, const struct db_rows *rows,
    const struct db_rows *before)
{
	SCOPED(rows_free) struct db_rows *after = NULL;
	enum db_status st =
	    db_exec(tx, &q_fire_schedule, DB_ARGS(rows_text(rows, 0, "schedule_id")), &after);

	if (st == DB_OK)
		audit_system(tx, rows_text(rows, 0, "scheduled_by"),
		    &(struct audit){ rows_text(rows, 0, "team_id"), "schedule.edited",
			m->resource_kind, m->resource_id, rows_text(before, 0, "schedule"),
			rows_text(after, 0, "schedule") });
	return st;
}

static void
tell(struct db_tx *tx, struct fire *f, const struct db_rows *rows, int64_t to_ms)
{
	struct arena *a = &f->scratch;
	struct fire_verdict stays = { FIRE_SKIPPED, NULL, NULL };
	struct fire_case c;
	struct fire_news n = { rows, &c, &stays, false,
		fire_zone(f, rows_text(rows, 0, "time_zone")), fire_zone(f, "UTC") };
	struct notice notice;

	fire_read_case(f, rows, &c);
	notice = (struct notice){ .type = "schedule.moved",
		.users = rows_text(rows, 0, "recipients"),
		.title = fire_moved_title(a, &n),
		.body = fire_moved_body(a, &n, to_ms),
		.link = fire_link(a, &n),
		.resource_kind = rows_text(rows, 0, "resource_kind"),
		.resource_id = rows_text(rows, 0, "resource_id"),
		.resource_name = rows_text(rows, 0, "resource_name"),
		.project_name = rows_text(rows, 0, "project_name"),
		.environment_name = rows_text(rows, 0, "environment_name") };
	fire_mail(a, &n, to_ms, &notice);
	notify_mail(tx, a, f->run->conf, &notice);
}

static enum db_status
move(struct db_tx *tx, void *ctx)
{
	SCOPED(rows_free) struct db_rows *rows = NULL, *before = NULL;
	struct rezone *r = ctx;
	const struct fire_moment *m = r->m;
	char at[MOMENT_LEN + 1];
	struct zone_instant end;
	enum db_status st;
	bool is_open;

	arena_reset(&r->f->scratch);
	r->done = false;
	if ((st = fire_hold(tx, r->f, m, &rows, &is_open)) != DB_OK)
		return st;
	if (!has_moved(r->f, rows, 0, &end)) /* edited meanwhile */
		return DB_OK;
	st = db_exec(tx, &q_fire_schedule, DB_ARGS(rows_text(rows, 0, "schedule_id")), &before);
	if (st != DB_OK)
		return st;
	moment_format(end.ms, at);
	db_later(tx, &q_fire_move, DB_ARGS(m->id, r->version, at, zone_rule_name(end.rule)));
	/* of the resource only its version: the schedule is a part of what it shows */
	db_later(tx,
	    strcmp(m->resource_kind, "experiment") == 0 ? &q_fire_experiment : &q_fire_flag,
	    DB_ARGS(m->resource_id, NULL));
	if ((st = write_audit(tx, m, rows, before)) != DB_OK)
		return st;
	tell(tx, r->f, rows, end.ms);
	r->done = true;
	return DB_OK;
}

/* ---- all of them ---- */

/* Those that stay where they are are noted together; *n becomes how many. */
static bool
note_same(struct fire *f, const char *version, const struct db_rows *rows, int *n)
{
	struct zone_instant end;
	struct array same;
	enum db_status st;

	arena_reset(&f->scratch);
	array_init(&same, &f->scratch, 4096);
	for (int i = 0; i < rows_count(rows); i++)
		if (!has_moved(f, rows, i, &end))
			array_add(&same, rows_text(rows, i, "schedule_id"));
	*n = (int)same.n;
	st = db_alone(f->run->db, &q_fire_zoned, DB_ARGS(array_text(&same), version), NULL);
	return st == DB_OK || st == DB_NONE || cron_failed(f->run);
}

/* The others, each in a transaction of its own; *n becomes how many. */
static bool
move_others(struct fire *f, const char *version, const struct db_rows *rows, int *n)
{
	struct rezone r = { .f = f, .version = version };
	struct zone_instant end;
	enum db_status st;
	bool well = true;

	*n = 0;
	for (int i = 0; i < rows_count(rows) && !cron_ending(); i++) {
		struct fire_moment m = { rows_text(rows, i, "id"),
			rows_text(rows, i, "resource_kind"), rows_text(rows, i, "resource_id"), 0 };

		if (!has_moved(f, rows, i, &end))
			continue;
		r.m = &m;
		st = db_tx(f->run->db, move, &r);
		if (st != DB_OK && st != DB_NONE)
			well = cron_failed(f->run);
		else
			*n += r.done;
	}
	return well;
}

bool
fire_zones(struct fire *f)
{
	const char *version = zone_version(&f->keep);
	int64_t ends = clock_ms() + TIME_MS, moved = 0;
	int same = 1, others = 0;
	bool well = true;

	while (version != NULL && same + others > 0 && !cron_ending() && clock_ms() < ends) {
		SCOPED(rows_free) struct db_rows *rows = NULL;
		enum db_status st = db_read(f->run->db, &q_fire_unzoned, DB_ARGS(version), &rows);

		if (st != DB_OK) {
			well &= st == DB_NONE || cron_failed(f->run);
			break;
		}
		if (!note_same(f, version, rows, &same))
			return false;
		well &= move_others(f, version, rows, &others);
		moved += others;
	}
	if (moved > 0 && f->run->line != NULL) {
		out_key(f->run->line, "moved");
		out_int(f->run->line, moved);
	}
	return well;
}
