/* fiber_test - fibers stop and go on in any order, keep their locals, and use stacks again. */
#include "fiber.h"
#include "t.h"

struct counter {
	struct fiber *fiber;
	int to, at;
};

static void
count_up(void *ctx)
{
	struct counter *c = ctx;
	volatile char local[8192];

	local[0] = local[sizeof(local) - 1] = (char)c->to;
	c->fiber = fiber_self();
	for (c->at = 0; c->at < c->to; c->at++)
		fiber_yield();
	T_OK(local[0] == (char)c->to && local[sizeof(local) - 1] == (char)c->to, "locals of %d",
	    c->to);
	c->fiber = NULL;
}

int
main(void)
{
	struct counter c[50];
	struct fiber *used[50];

	T_OK(fiber_self() == NULL, "outside of all");
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 50; i++) {
			c[i] = (struct counter){ NULL, i, 0 };
			fiber_start(count_up, &c[i]);
			used[i] = c[i].fiber;
			T_OK((c[i].fiber == NULL) == (i == 0), "round %d, fiber %d has begun",
			    round, i);
		}
		for (int step = 1; step < 50; step++)
			for (int i = 49; i >= step; i--) /* not the order they began in */
				fiber_resume(used[i]);
		for (int i = 0; i < 50; i++)
			T_OK(c[i].fiber == NULL && c[i].at == i, "round %d, fiber %d has ended",
			    round, i);
	}
	return T_DONE("fiber");
}
