#ifndef DIGEST_H
#define DIGEST_H

#include "cron.h"

/*
 * digest - one notice to all members of a team: what is new and what came back in a project's
 * production since the last one.
 */
enum digest_tally { DIGEST_DIGESTS = 0, DIGEST_ISSUES, DIGEST_TOLD };

/*
 * Make project's digest if it is due at run->at, or whatever its cadence when now: the notices, and
 * the clock that paces it, in one transaction.  a is scratch.  *issues gets how many it tells of;
 * DB_NONE: there was nothing to tell, and the clock stays.
 */
enum db_status digest_project(const struct run *run, struct arena *a, const char *project, bool now,
    int64_t *issues) MUST_CHECK;

#endif
