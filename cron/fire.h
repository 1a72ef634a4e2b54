#ifndef FIRE_H
#define FIRE_H

#include "arena.h"
#include "cron.h"
#include "zone.h"

/*
 * fire - carry out what was scheduled (contract section 8).
 *
 *   fire.c          which moments are due, one after the other; the clock; the dry run
 *   fire_moment.c   one moment in one transaction
 *   fire_verdict.c  what becomes of it: pure
 *   fire_words.c    what people are told
 *   fire_zones.c    relative ends worked out anew when tzdata has changed
 */
#define FIRE_LATE_MS (60 * 60 * 1000) /* the most that still fires */

/* The same order as this job's names in cron/main.c. */
enum fire_tally {
	FIRE_FIRED,
	FIRE_MISSED,
	FIRE_FAILED,
	FIRE_SKIPPED /* due, left for the next run */
};

/* ---- the verdict ---- */

/* All that counts, as it is now. */
struct fire_case {
	const char *kind;  /* launch, end, enable, disable */
	const char *state; /* the experiment's status; of a flag on, off, ARCHIVED; NULL: gone */
	bool strict;
	const char *role;      /* of the scheduler in the team, or NULL */
	const char *preflight; /* what stands against a launch, or NULL */
	int64_t late_ms;
	bool doubtful; /* the clock: nothing may be MISSED */
};

struct fire_verdict {
	enum fire_tally outcome;
	const char *reason; /* a code of common/schedule.h, or NULL */
	const char *to;     /* the state it gets, or NULL: it stays */
};

struct fire_verdict fire_decide(const struct fire_case *c);

/* "FIRED", "MISSED", "FAILED"; "LEFT" for what is left for another run. */
const char *fire_outcome(enum fire_tally outcome);

/* Why the clock is not to be trusted, in words, or NULL.  Milliseconds since 1970: the database's
 * now, this machine's now, the end of the last run (0: there was none). */
const char *fire_doubt(struct arena *a, int64_t database_ms, int64_t host_ms, int64_t last_ms);

/* ---- one moment ---- */

struct fire {
	const struct run *run;
	struct arena keep;    /* zones: for the whole run */
	struct arena scratch; /* for one moment */
	struct fire_zone *zones;
	const char **doubt; /* about the clock, in words, or NULL: one for the whole run */
};

/* MISSED cannot be undone, so a clock that looks wrong declares none, and the run says so.  Called
 * at its start and before each MISSED: clocks are set at any time.  --at is no clock. */
void fire_watch(struct fire *f, int64_t database_ms, int64_t last_ms);

/* The zone, NULL when the tz database does not have it (any more). */
const struct zone *fire_zone(struct fire *f, const char *name);

struct fire_moment {
	const char *id, *resource_kind, *resource_id;
	uint64_t share; /* the same for all that lock the same resource */
};

enum fire_end {
	FIRE_DONE = 0, /* decided by us: *what says what */
	FIRE_GONE,     /* nothing to do (any more): another run or a person was first */
	FIRE_LEFT,     /* nothing done: the clock is doubtful */
	FIRE_AGAIN,    /* somebody holds it, or it waits for its first moment: try again */
	FIRE_AWAY,     /* no database, and with it perhaps no knowledge whether it was done */
	FIRE_BROKEN    /* our fault: logged */
};

enum fire_end fire_one(struct fire *f, const struct fire_moment *m, enum fire_tally *what);

/* Lock all that exists of m, and look at it (q_fire_look).  DB_NONE when it cannot be held:
 * *is_open when it is still to be decided. */
enum db_status fire_hold(struct db_tx *tx, struct fire *f, const struct fire_moment *m,
    struct db_rows **rows, bool *is_open) MUST_CHECK;

/* A row of q_fire_look as a case; strings live as long as rows and f->scratch. */
void fire_read_case(struct fire *f, const struct db_rows *rows, struct fire_case *c);

/*
 * When tzdata has changed, work out anew the relative ends that are to come.  Where one moves, its
 * schedule is edited and the scheduler told, by mail: the bell's types are closed, and none would
 * be true.  Returns whether it went well; what is left is found by the next run.
 */
bool fire_zones(struct fire *f);

#endif
