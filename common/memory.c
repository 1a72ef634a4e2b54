/*
 * memory - where there is none, the process ends and its supervisor starts a fresh one, as with an arena.
 *
 * These stand in for the C library's in the whole program, in every library too: json-c says that all
 * went well when a member of an object found no room, and a time zone whose file cannot be opened would
 * be one that does not exist.  An answer that is missing something is worse than none.
 */
#include <errno.h>
#include <stdbool.h>

#include "log.h"

/* The address sanitizer has an allocator of its own, which does the same. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(FAIL_CALLS) || !(defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer))

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static void *
given(void *p, size_t n)
{
	if (p != NULL || n == 0)
		return p;
	log_line(LOG_ERROR, NULL, "no memory: %zu bytes wanted", n);
	abort();
}

void *
malloc(size_t n)
{
	return given(__libc_malloc(n), n);
}

void *
calloc(size_t n, size_t size)
{
	return given(__libc_calloc(n, size), n);
}

void *
realloc(void *p, size_t n)
{
	return given(__libc_realloc(p, n), n);
}

#endif
