#ifndef JOB_H
#define JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "conf.h"
#include "db.h"

/*
 * job - the registry of job types, and what people are told of a job.  The families start and
 * cancel jobs, cron/jobs.c runs them.
 */
struct job_type {
	const char *name;
	const char *label;  /* for people: "LABEL of PROJECT" */
	bool needs_project; /* else one may be for the whole team */
};

extern const struct job_type job_types[];  /* ends with a NULL name */
extern const char *const job_type_names[]; /* the same, for a FIELD_WORD */

const struct job_type *job_find(const char *name); /* NULL: unknown */

/* What a failed job says, as the end of "It stopped after 3 seconds: …"; NULL for NULL. */
const char *job_failure(const char *error);

/* "less than a second", "1 minute 5 seconds", "2 hours".  Pure. */
const char *job_duration(struct arena *a, int64_t ms);

/* The news of a job that has ended, to who wants it: in the transaction of its end, and the last
 * of it.  rows: q_job_news.  request: the id of the one that ended it, NULL: it is that which
 * started the job. */
enum db_status job_tell(struct db_tx *tx, struct arena *a, const struct conf *conf,
    const struct db_rows *rows, const char *request) MUST_CHECK;

/* The folder of files that jobs made, below $CARILLON_VAR: nginx serves it, for X-Accel-Redirect
 * alone. */
#define JOB_FILES "exports"

#endif
