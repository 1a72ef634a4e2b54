#ifndef PLAN_H
#define PLAN_H

#include "change.h"
#include "field.h"
#include "zone.h"

/*
 * plan - schedules of experiments and of flags' environments are shown, saved, cancelled
 * (contract section 8).
 *
 * The same for both but for what struct plan_kind holds.  The story of a change: note the
 * schedule as it is, lock the resource, look again.  What cron decided in between, or less
 * than a minute ago where that leaves nothing to do, has won the race: 409.
 */

#define PLAN_PAST  "%s must be in the future"                    /* with 422 */
#define PLAN_RACED "The schedule has been carried out meanwhile" /* with 409 */

/* A schedule as one statement saw it. */
struct plan_state {
	const char *id, *version, *json; /* id NULL: there never was one */
	const char *first_at;
	int64_t first_ms;
	long decided;                  /* moments that cron has decided */
	bool live, begun, recent, due; /* see schedule_state in sql/query/schedules.sql */
};

struct plan {
	struct change c;
	const struct plan_kind *kind;
	const char *environment; /* as it stands in the path, or NULL */
	bool preview;            /* nothing is locked or written */

	/* wanted, by the body */
	const char *first;    /* RFC 3339, or NULL */
	const char *end_at;   /* the same; or NULL, and then perhaps … */
	const char *end_time; /* … a relative end */
	int64_t end_days;
	const char *zone_name, *version;

	/* the resource, set by kind->find and kind->enter */
	const char *resource; /* the id that schedules know it by, or NULL */
	const char *project, *name, *environment_id, *environment_name;
	const char *resource_version, *status;
	bool enabled;
	const char *unready; /* why it may not begin, or NULL */

	/* worked out */
	const struct zone *zone; /* NULL: unknown */
	struct plan_state before, now;
	struct zone_instant begin, end;
	bool begins, ends; /* whether there is a moment to come of each kind */
	const char *etag;
};

/* One step of a transaction; DB_NONE: refused, as change_enter(). */
typedef enum db_status plan_step_fn(struct db_tx *tx, struct plan *p);

struct plan_kind {
	const char *resource_kind, *noun;
	const char *first_key, *end_key;       /* of the body */
	const char *first_moment, *end_moment; /* of moments.kind */
	const struct field *fields;            /* of the body */
	const struct db_stmt *show;            /* my_role, place_id, version, schedule */
	plan_step_fn *find;    /* p->resource, without a lock; leave it NULL if there is none */
	plan_step_fn *enter;   /* lock it (unless p->preview), and set what p says of it */
	plan_step_fn *touch;   /* it was scheduled (p->begins) or edited: move its version */
	plan_step_fn *release; /* its schedule was cancelled: the same */
	/* What the status has against p->begins and p->ends: words, or NULL. */
	const char *(*rule)(struct plan *p);
};

/* clang-format off */
#define PLAN_FIELDS(first_name, end_name) \
	{ first_name, FIELD_TIME, NULLABLE, FIELD_AT(struct plan, first, const char *), 0, 0, NULL }, \
	    { end_name, FIELD_OBJECT, NULLABLE, FIELD_AT(struct plan, end_at, const char *), 0, \
		1000, NULL }, \
	    { "time_zone", FIELD_TEXT, REQUIRED, FIELD_AT(struct plan, zone_name, const char *), 0, \
		1000, NULL }, \
	    INT(struct plan, version, NULLABLE), \
	{ 0 }
/* clang-format on */

/* Handlers of GET, PUT, DELETE …/schedule and POST …/schedule/preview. */
int plan_show(struct req *rq, struct reply *rp, const struct plan_kind *kind);
int plan_save(struct req *rq, struct reply *rp, const struct plan_kind *kind);
int plan_cancel(struct req *rq, struct reply *rp, const struct plan_kind *kind);
int plan_preview(struct req *rq, struct reply *rp, const struct plan_kind *kind);

/*
 * A manual change of the entered resource c->id, or of its part id, drops the moments that it
 * pre-empts: how is "run", "pause" or "all" (schedule_drop in sql/query/schedules.sql).
 */
enum db_status plan_drop(struct db_tx *tx, const struct change *c, const char *id,
    const char *how) MUST_CHECK;

/* ---- plan_read.c ---- */

/* The body into p: 0, or the status already answered. */
int plan_read(struct req *rq, struct reply *rp, struct plan *p);

/* ---- plan_rules.c ---- */

/* Work out begin and end; DB_OK, or refused by a rule that needs no database. */
enum db_status plan_resolve(struct plan *p);

/* The {"preview":…} of a plan that was resolved. */
void plan_preview_json(struct out *o, const struct plan *p);

#endif
