#ifndef VERSION_H
#define VERSION_H

#include <stdbool.h>

#include "arena.h"

/*
 * version - is a change meant for the object as it is now?  Pure.
 *
 * An object's version rises with every change.  Whoever changes it may name the version
 * they have seen, in the body's field version, in If-Match, or in both; a stale one is 412.
 */

/*
 * Whether every version that was named is the current one.
 *   current  in decimal
 *   body     in decimal, or NULL
 *   header   If-Match: a list of strong tags ("3" or plain 3), or *; NULL when none came
 * A header that names nothing we would ever send matches nothing.
 */
bool version_matches(const char *current, const char *body, const char *header);

/* The tag of an object at this version. */
const char *version_etag(struct arena *a, const char *version);

#endif
