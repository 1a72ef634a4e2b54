#ifndef DB_TOGETHER_H
#define DB_TOGETHER_H

#include "db_lane.h"

/*
 * db_together - one statement for all who ask the same at one time (db_read_together); inside
 * db*.c only.
 *
 * To start a statement costs PostgreSQL several times what the lookup in it does, so the calls
 * that wait at the end of a turn become one: the first of them goes on the wire and has the
 * others behind it, its parameters are arrays with an element of each, and the answer's column
 * nth tells whose a row is.  Afterwards each is an item of its own again, so what comes after
 * (failures, breaks, trying again alone) knows nothing of this.
 */
#define TOGETHER_ARGS 8 /* parameters of such a statement, at most */

/* Move those of queue that ask the same behind first, up to most with it: how many it now is. */
int together_gather(struct items *queue, struct item *first, int most);
/* Their parameters as arrays, in memory to be freed when they are sent. */
char *together_args(const struct item *first, const char *arrays[TOGETHER_ARGS]) MUST_CHECK;
/* Afterwards: each of them alone, with its part of the answer if there is one, into a queue. */
void together_split(struct item *first, struct items *into);

#endif
