#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>
#include <stdint.h>

/*
 * arena - memory that lives exactly as long as one request (or one job row).
 *
 * Nothing taken from an arena is freed on its own; arena_reset() takes it all
 * back after the reply is sent and keeps the first block for the next request.
 * Allocation never returns NULL: at the byte limit given to arena_init(), as
 * where there is no memory (common/memory.c), the process logs and aborts, and
 * its supervisor starts a fresh one.
 */
struct arena_block;

struct arena {
	struct arena_block *head; /* the block in use, then older ones */
	size_t used, limit;       /* bytes handed out; the most there may be */
};

void arena_init(struct arena *a, size_t limit);
void *arena_alloc(struct arena *a, size_t n); /* zeroed, aligned for any type */
char *arena_dup(struct arena *a, const char *s);
char *arena_ndup(struct arena *a, const char *s, size_t n); /* adds the final NUL */
char *arena_fmt(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *a);
void arena_free(struct arena *a); /* also the first block; a may be used again */

#endif
