#ifndef T_H
#define T_H

/*
 * t - the whole test framework.
 *
 * A test is a row of a table: T_OK(condition, "format", ...) counts one check, and where it fails
 * prints the condition and the text, which names the row.  main() ends with
 * return T_DONE("name"): the count line, and 0 or 1.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "scope.h"

static unsigned t_checks, t_failed;

#define T_OK(cond, ...) \
	do { \
		t_checks++; \
		if (!(cond)) { \
			t_failed++; \
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #cond); \
			fprintf(stderr, __VA_ARGS__); \
			fputc('\n', stderr); \
		} \
	} while (0)

/* Both strings, either may be NULL, are the same; prints both where they are not. */
#define T_SAME(got, want, what) \
	do { \
		const char *g_ = (got), *w_ = (want); \
		T_OK(g_ == w_ || (g_ != NULL && w_ != NULL && strcmp(g_, w_) == 0), \
		    "%s: got \"%s\", want \"%s\"", what, g_ != NULL ? g_ : "(null)", \
		    w_ != NULL ? w_ : "(null)"); \
	} while (0)

#define T_DONE(name) (printf("%s: %u checks, %u failed\n", name, t_checks, t_failed), t_failed != 0)

/* The next of a fixed row of pseudo-random numbers (splitmix64): every run is the same. */
static inline uint64_t
t_random(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

#endif
