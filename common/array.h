#ifndef ARRAY_H
#define ARRAY_H

#include "json.h"

/*
 * array - a list as PostgreSQL's text of an array, {"a","b",NULL}: one parameter of a statement,
 * whatever the type of its elements.  Pure.
 */
struct array {
	struct out o;
	size_t n;
};

void array_init(struct array *x, struct arena *a, size_t expect); /* bytes, as out_init() */
void array_add(struct array *x, const char *s);                   /* NULL is SQL NULL */

/* The whole; lives in the arena.  Nothing may be added afterwards. */
const char *array_text(struct array *x);

#endif
