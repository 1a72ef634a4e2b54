#include "hands.h"

#include "fiber.h"

struct crew {
	hand_fn *fn;
	void *ctx;
	int next, working;
};

static void
work(void *ctx)
{
	struct crew *c = ctx;

	c->fn(c->ctx, c->next++);
	c->working--;
}

void
hands_work(struct db *db, hand_fn *fn, void *ctx)
{
	struct crew c = { .fn = fn, .ctx = ctx, .working = HANDS };

	for (int i = 0; i < HANDS; i++)
		fiber_start(work, &c);
	while (c.working > 0) {
		db_flush(db);
		db_turn(db, 100);
	}
}
