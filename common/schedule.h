#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <stdint.h>

#include "zone.h"

/*
 * schedule - what those who save schedules and cron, which carries them out, share
 * (contract section 8).  Pure.
 *
 * A schedule is PENDING while a moment of it is still to come (outcome NULL); DONE when the
 * last one was decided and one of them by cron; CANCELLED otherwise.  Whoever changes one
 * locks its resource first (sql/migrations/0011_schedules.sql), and moves the version of
 * the experiment or flag, of whose public object the schedule is a part.
 */
#define SCHEDULE_DAYS_MAX           365

/* Why a moment became what it became: the closed list of data.reason and moments.reason. */
#define REASON_TOO_LATE             "too_late"             /* MISSED */
#define REASON_PERMISSION_REVOKED   "permission_revoked"   /* FAILED */
#define REASON_PREFLIGHT_FAILED     "preflight_failed"     /* FAILED */
#define REASON_RESOURCE_UNAVAILABLE "resource_unavailable" /* FAILED */
#define REASON_STATUS_CHANGED       "status_changed"       /* FAILED */
#define REASON_ALREADY_THERE        "already_there"        /* FIRED */
#define REASON_NOT_STARTED          "not_started"          /* DROPPED with its first moment */
#define REASON_MANUAL_CHANGE        "manual_change"        /* DROPPED */
#define REASON_CANCELLED            "cancelled"            /* CANCELLED */
#define REASON_EDITED               "edited"               /* CANCELLED: an edit left it out */

/* The same in words: a sentence with its full stop; NULL for a code that is none of these. */
const char *schedule_sentence(const char *code);

/* The page of what is scheduled: of experiment id, or flag id in an environment; NULL, when it is
 * gone, of all there are. */
const char *schedule_link(struct arena *a, bool is_flag, const char *id, const char *environment);

/* "HH:mm", 00:00 to 23:59, exactly so. */
bool schedule_time(const char *text, int *hour, int *minute) MUST_CHECK;

/*
 * When a relative end is: text, an "HH:mm" that passed schedule_time(), days after the
 * local date of the first moment.  False as zone_days_after().
 */
bool schedule_end(const struct zone *z, int64_t first_ms, int days, const char *text,
    struct zone_instant *out) MUST_CHECK;

#endif
