#ifndef RATE_H
#define RATE_H

#include "http.h"

/*
 * rate - how often a key may ask (CARILLON_KEY_RATE a minute), counted in the database and so over
 * all processes.
 *
 * A process takes uses a hundredth of a minute's at a time, one by one of the last half, and spends
 * them by itself; what it has not spent when the minute ends is lost.  So a key never gets more than
 * its rate, and by a hundredth a process less at most.
 */

/* Spend one use of rq->key: 0, or the status already answered, 429 with Retry-After among them. */
int rate_spend(struct req *rq, struct reply *rp);

#endif
