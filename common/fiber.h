#ifndef FIBER_H
#define FIBER_H

#include <stdbool.h>

/*
 * fiber - a function that can stop in the middle and go on later.
 *
 * A request that waits for the database gives the thread back to the event loop;
 * so handlers read from top to bottom and yet none waits for another.  One
 * thread, no preemption: between two calls that may wait nothing else runs.
 * A stack has 64 KiB, with a page below it that catches an overrun: what is big
 * belongs into an arena.
 */
struct fiber;
typedef void fiber_fn(void *ctx);

/* Run fn(ctx) on a stack of its own until it ends or first yields.  Called from the
 * loop only, never from a fiber.  Aborts when no stack can be had. */
void fiber_start(fiber_fn *fn, void *ctx);

/* The fiber that is running, or NULL outside of all. */
struct fiber *fiber_self(void);

/* Stop here until fiber_resume(); only inside a fiber. */
void fiber_yield(void);

/* Go on with f until it ends or yields again; from the loop only. */
void fiber_resume(struct fiber *f);

#endif
