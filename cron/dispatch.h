#ifndef DISPATCH_H
#define DISPATCH_H

#include "adapter.h"
#include "cron.h"

/*
 * dispatch - claim deliveries, send them, record what became of each.
 */

/* The same order as this job's names in cron/main.c. */
enum dispatch_tally {
	SENT,
	SKIPPED, /* must not be sent any more: gone, deleted, muted, expired */
	FAILED,  /* for good */
	RETRIED, /* put off to another try */
	LOST     /* claimed, but the lease was over before it was finished */
};

/* Send all that is due through adapter, which is open.  Returns whether the run was sound. */
bool dispatch_all(const struct run *run, const struct adapter *adapter, void *state,
    int64_t tally[TALLY_MAX]) MUST_CHECK;

#endif
