#ifndef MOMENT_H
#define MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * moment - instants as text: RFC 3339 in UTC with exactly three decimals.
 *
 * Pure: no clock.  Rows hold timestamptz(3), so what is shown is what is
 * compared (contract section 3).
 */
#define MOMENT_LEN 24 /* 2024-01-15T10:00:00.000Z */

/*
 * PostgreSQL's text of a timestamptz(3) in UTC ("2024-01-15 10:00:00.12+00") as
 * RFC 3339.  Asserts that it is one: the session's TimeZone is always UTC.
 */
void moment_from_pg(const char *pg, char out[MOMENT_LEN + 1]);

/* Whether s is exactly our own form, on a day that exists, years 0001-9999. */
bool moment_is_exact(const char *s, size_t n);

/*
 * Read any RFC 3339 date-time: an offset or Z, up to nine decimals (cut to
 * three), "t", "z" and a space in place of "T" allowed, no leap second.  *ms gets
 * milliseconds since 1970 and is written only on true.
 */
bool moment_parse(const char *s, size_t n, int64_t *ms);

void moment_format(int64_t ms, char out[MOMENT_LEN + 1]);

#endif
