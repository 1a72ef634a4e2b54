#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "scope.h"

/*
 * fuzz - what the targets share.  A target is X_fuzz.c with fuzz_one(), and its seeds are the
 * lines of X.seeds, in which bytes are written as printf's %b reads them.
 */

/* What must be true of n bytes from anybody.  a is emptied before each call. */
void fuzz_one(struct arena *a, const char *s, size_t n);

/* What a target promises; the input that breaks it becomes a seed. */
#define HOLDS(cond, ...) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: does not hold: %s: ", __FILE__, __LINE__, #cond); \
			fprintf(stderr, __VA_ARGS__); \
			fputc('\n', stderr); \
			abort(); \
		} \
	} while (0)

/* Take the bytes up to the next end byte (or all) off the input, as a string that ends at its
 * first NUL. */
char *fuzz_take(struct arena *a, const char **s, size_t *n, char end);

/* UTF-8 without NUL by decoding and comparing numbers: another way than text.c's. */
bool fuzz_is_utf8(const char *s, size_t n);

#endif
