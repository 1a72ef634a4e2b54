/* db_items - queues of the statements that wait. */
#include "db_lane.h"

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
