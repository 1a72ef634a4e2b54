/* db_items - queues of the statements that wait. */
#include "db_lane.h"

#include <string.h>

void
items_init(struct items *q)
{
	q->first = NULL;
	q->end = &q->first;
}

void
items_push(struct items *q, struct item *it)
{
	it->next = NULL;
	*q->end = it;
	q->end = &it->next;
}

struct item *
items_pop(struct items *q)
{
	struct item *it = q->first;

	if (it != NULL && (q->first = it->next) == NULL)
		q->end = &q->first;
	return it;
}

void
items_fail_behind(struct items *batch)
{
	const struct item *bad = NULL;

	for (struct item *it = batch->first; it != NULL; it = it->next)
		if (bad == NULL && it->status != DB_OK && it->status != DB_NONE)
			bad = it;
		else if (bad != NULL) {
			it->status = bad->status;
			memcpy(it->why, bad->why, sizeof(it->why));
		}
}
