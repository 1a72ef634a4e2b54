#ifndef HANDS_H
#define HANDS_H

#include "db.h"

/*
 * hands - a page of work done by several at a time: fibers, each with a connection of its own for
 * its transactions, so that one's commit is another's computing time.
 */
#define HANDS 2 /* more are no faster on two processors, and polls wait longer */

/* What hand number hand of HANDS does.  ctx is shared by all; nothing else runs between two calls
 * of the database. */
typedef void hand_fn(void *ctx, int hand);

/* Runs fn once for each hand and returns when all have ended.  Never from a fiber. */
void hands_work(struct db *db, hand_fn *fn, void *ctx);

#endif
