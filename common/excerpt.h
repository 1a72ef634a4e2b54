#ifndef EXCERPT_H
#define EXCERPT_H

#include <stddef.h>

#include "arena.h"

/*
 * excerpt - what somebody wrote, short enough for a notification.  Pure.
 */

/* s as one line: control characters and runs of white space become single spaces, and
 * the ends are trimmed.  NULL is "". */
const char *excerpt_fold(struct arena *a, const char *s);

/* At most max characters of s, never half of one. */
const char *excerpt_cut(struct arena *a, const char *s, size_t max);

/* "WHO: text", folded and cut at max characters.  WHO is the first of name and email
 * that says anything, else Someone. */
const char *excerpt_said(struct arena *a, const char *name, const char *email, const char *text,
    size_t max);

#endif
