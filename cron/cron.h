#ifndef CRON_H
#define CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "db.h"
#include "json.h"

/*
 * cron - what the jobs of carillon-cron share; cron/main.c has the table of them.
 *
 * A new job is one file cron/<job>.c, one row in that table, and a line in the crontab.
 */
#define TALLY_MAX     12
#define CRON_FIRST_ID "00000000-0000-0000-0000-000000000000" /* before every other */

/* Which failed deliveries; NULL: whichever. */
struct replay_filter {
	const char *team, *channel, *delivery;
	const char *error; /* begins with that */
	const char *since; /* RFC 3339: when they failed */
	bool may_repeat;   /* also those that may have arrived */
};

struct run {
	struct db *db;
	const struct conf *conf;
	const char *at; /* RFC 3339: what counts as now; NULL is the database's now */
	bool dry;       /* count what would be done, change nothing */
	int64_t until;  /* clock_ms(): then the rest is the next run's; 0: never */
	const struct replay_filter *filter; /* for replay */
	/* The line that stdout gets, inside of this job's open object: for what is no count.
	 * NULL: nobody reads it. */
	struct out *line;
};

/*
 * Do all that is due.  tally has a place for each name of the job's row, 0 at first.
 * Returns whether the run was sound; what was not is logged by the job itself.
 */
typedef bool job_fn(const struct run *run, int64_t tally[TALLY_MAX]);

struct job {
	const char *name;
	job_fn *fn;
	const char *help;
	const char *tally[TALLY_MAX + 1]; /* what it counts; NULL ends it */
	bool apart;                       /* for people: no part of "all" */
	bool quiet;                       /* its running is no sign that cron runs */
};

/* SIGTERM or SIGINT came: finish what is in hand and return. */
bool cron_ending(void);
void cron_end_on_signals(void);

/* The same, or this job's share of the minute is over. */
bool cron_is_over(const struct run *run);

/* Log why the last statement failed; false, for "return cron_failed(run)". */
bool cron_failed(const struct run *run);

/* Sleep so long, a quarter of a second at most; a signal ends it. */
void cron_nap(int64_t us);

/*
 * After a batch of many that kept the database busy so long, and before the next one: people who
 * poll share the machine with us, so it is left to them for so many times as long as we had it.
 */
void cron_give_way(int64_t busy_us, double rests);

job_fn fire_job;     /* tally: enum fire_tally of cron/fire.h */
job_fn digest_job;   /* tally: enum digest_tally of cron/digest.h */
job_fn dispatch_job; /* tally: enum dispatch_tally of cron/dispatch.h */
job_fn jobs_job;     /* tally: enum jobs_tally of cron/jobs.h */
job_fn wake_job;
job_fn cleanup_job;
job_fn replay_job;

/* Why the filter will not do, or NULL. */
const char *replay_unfit(const struct replay_filter *f);

#endif
