#ifndef JOBS_H
#define JOBS_H

#include "arena.h"
#include "cron.h"

/*
 * jobs - run what people and keys have started (contract section 9).
 *
 *   jobs.c        claims, one after the other; the end of each in one transaction with its news
 *   jobs_files.c  the files that they make, and their removal
 *   export.c      project_export
 *   digest_now.c  issue_digest
 *
 * A run has its job for a lease and renews that whenever it says how far it is.  A worker that
 * dies says nothing more: then the job is taken up again from its beginning, or failed when that
 * has happened too often.  Every write of a run names its token, so that one which was only slow
 * and comes back late changes nothing.
 */

/* The same order as this job's names in cron/main.c. */
enum jobs_tally { JOBS_COMPLETED, JOBS_FAILED, JOBS_CANCELLED, JOBS_LEFT };

/* Whether a run is to go on, and how it ended. */
enum jobs_go {
	JOBS_GO = 0,   /* on; at the end: all is done */
	JOBS_BROKEN,   /* cannot be done: w->error says why, one of common/job.c */
	JOBS_STOP,     /* somebody has cancelled it */
	JOBS_PUT_BACK, /* we are told to end: another run does it from the beginning */
	JOBS_LOST      /* another run has it, or the database is away: its lease will say so */
};

struct work {
	const struct run *run;
	struct arena *a; /* for this job */
	const char *id, *token, *team, *project;
	const char *step;
	int64_t done, total;
	const char *error;     /* with JOBS_BROKEN */
	const char *file_name; /* what it made, or NULL */
	int64_t file_bytes;
	const char *result; /* JSON of what it came to, or NULL */
};

/* Say how far it is, renew the lease, and look whether to go on: between two pages. */
enum jobs_go jobs_progress(struct work *w) MUST_CHECK;

/* A statement of it did not work: log why, and say what that means for the run. */
enum jobs_go jobs_failed(struct work *w, enum db_status st);

/* Do all of w's work. */
typedef enum jobs_go jobs_fn(struct work *w);
jobs_fn export_run, digest_run;

/* ---- files ---- */

/*
 * A file being written.  Nobody sees it before it is whole: it has another name until
 * jobs_file_close() has brought it to the disk.  Errors are remembered, and told by that.
 */
struct jobs_file;

/* NULL with w->error set when there can be none. */
struct jobs_file *jobs_file_open(struct work *w);
void jobs_file_write(struct jobs_file *f, const char *text);
bool jobs_file_good(const struct jobs_file *f); /* else w->error is set */
/* Sets w->file_name and w->file_bytes; or, on false, w->error.  f is gone either way. */
bool jobs_file_close(struct jobs_file *f) MUST_CHECK;
void jobs_file_drop(struct jobs_file *f); /* give it up; NULL is a no-op */

/* Remove what the run with this token has left of job id, whole or not; NULL is a no-op. */
void jobs_file_remove(const struct run *run, struct arena *a, const char *id, const char *token);

/* Remove the files that are over by the database's clock; false: logged. */
bool jobs_files_end(const struct run *run);

/* For cleanup: remove the files that nobody may have any more.  Counts them; false: logged. */
bool jobs_files_sweep(const struct run *run, int64_t *removed);

DEFINE_SCOPED(struct jobs_file *, jobs_file_drop)

#endif
