#include "arena.h"

#include <stdarg.h>

#include "log.h"

#define ALIGN       _Alignof(max_align_t)
#define BLOCK_BYTES (16 * 1024) /* of data in an ordinary block */

struct arena_block {
	struct arena_block *next;
	size_t size, used; /* bytes of data */
	_Alignas(max_align_t) unsigned char data[];
};

/*
 * With the address sanitizer, what is not handed out is poisoned, and every piece is followed
 * by a gap: reading past one, or after arena_reset(), is then reported as with malloc.
 */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define GAP           ALIGN
#define HIDE(p, n)    ASAN_POISON_MEMORY_REGION(p, n)
#define UNCOVER(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define GAP           0
#define HIDE(p, n)    ((void)0)
#define UNCOVER(p, n) ((void)0)
#endif

static void
die(const struct arena *a, const char *why, size_t n)
{
	log_line(LOG_ERROR, NULL, "arena: %s: %zu bytes wanted, %zu of %zu used", why, n, a->used,
	    a->limit);
	abort();
}

static struct arena_block *
block_new(size_t size)
{
	struct arena_block *b = malloc(sizeof(*b) + size);

	*b = (struct arena_block){ .size = size };
	HIDE(b->data, size);
	return b;
}

static void
block_free(struct arena_block *b)
{
	UNCOVER(b->data, b->size);
	free(b);
}

/* A block with room for n bytes.  A big piece gets one of its own behind the head, so that
 * what is left of the head stays in use. */
static struct arena_block *
block_for(struct arena *a, size_t n)
{
	struct arena_block *b = a->head;

	if (b != NULL && n <= b->size - b->used)
		return b;
	b = block_new(n > BLOCK_BYTES ? n : BLOCK_BYTES);
	if (a->head != NULL && n > BLOCK_BYTES / 4) {
		b->next = a->head->next;
		a->head->next = b;
	} else {
		b->next = a->head;
		a->head = b;
	}
	return b;
}

/* As arena_alloc, but not zeroed. */
static void *
take(struct arena *a, size_t n)
{
	size_t size = (n + (n == 0) + ALIGN - 1) / ALIGN * ALIGN + GAP;
	struct arena_block *b;
	void *p;

	if (size < n || size > a->limit - a->used)
		die(a, "limit reached", n);
	b = block_for(a, size);
	p = b->data + b->used;
	b->used += size;
	a->used += size;
	UNCOVER(p, n);
	return p;
}

void
arena_init(struct arena *a, size_t limit)
{
	*a = (struct arena){ .limit = limit };
}

void *
arena_alloc(struct arena *a, size_t n)
{
	return memset(take(a, n), 0, n);
}

char *
arena_ndup(struct arena *a, const char *s, size_t n)
{
	char *copy = take(a, n + 1);

	if (n > 0)
		memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *
arena_dup(struct arena *a, const char *s)
{
	return arena_ndup(a, s, strlen(s));
}

char *
arena_fmt(struct arena *a, const char *fmt, ...)
{
	char small[256], *s;
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		die(a, "bad format", 0);
	if ((size_t)n < sizeof(small)) {
		s = arena_ndup(a, small, (size_t)n);
	} else {
		s = take(a, (size_t)n + 1);
		vsnprintf(s, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	return s;
}

void
arena_reset(struct arena *a)
{
	struct arena_block *b, *next, *keep = NULL;

	for (b = a->head; b != NULL; b = next) {
		next = b->next;
		if (keep == NULL && b->size == BLOCK_BYTES)
			keep = b;
		else
			block_free(b);
	}
	if (keep != NULL) {
		keep->next = NULL;
		keep->used = 0;
		HIDE(keep->data, keep->size);
	}
	a->head = keep;
	a->used = 0;
}

void
arena_free(struct arena *a)
{
	struct arena_block *b, *next;

	for (b = a->head; b != NULL; b = next) {
		next = b->next;
		block_free(b);
	}
	arena_init(a, a->limit);
}
