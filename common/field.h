#ifndef FIELD_H
#define FIELD_H

#include <stddef.h>

#include "http.h"

/*
 * field - read a JSON body into a struct, by table.
 *
 * A table names every key that a body may have.  Unknown keys, wrong types and
 * out-of-range values are the client's error, answered by name:
 * 400 `Unknown field: x`, `Invalid field: x`, `Missing field: x`.
 */
#define FIELD_SHOWN_MAX 50 /* characters of x, which may be anything */

enum field_type {
	FIELD_TEXT = 1, /* const char *: min..max characters (not bytes) */
	FIELD_BOOL,     /* enum field_bool */
	FIELD_UUID,     /* const char *, lower-cased */
	FIELD_EMAIL,    /* const char *, lower-cased */
	FIELD_TIME,     /* const char *: RFC 3339 in UTC, see moment.h */
	FIELD_WORD,     /* const char *: one of words[] */
	FIELD_OBJECT,   /* const char *: the object's JSON text, at most max bytes */
	FIELD_LIST,     /* const char *: the array's JSON text, at most max items */
	FIELD_INT,      /* const char *: a whole number of 64 bits, in decimal */
};

/* Whether the items of an array are what they should be. */
typedef bool field_list_fn(json_object *list);

enum field_bool { ABSENT = 0, NO, YES };

enum field_need { REQUIRED = 0, OPTIONAL, NULLABLE /* optional; null counts as absent */ };

struct field {
	const char *key;
	enum field_type type;
	enum field_need need;
	size_t offset;
	size_t min, max;          /* characters; min > 0: not all of them blank */
	const char *const *words; /* NULL-terminated, for FIELD_WORD */
	field_list_fn *list;      /* for FIELD_LIST */
};

/* The member's C type is checked at compile time. */
#define FIELD_AT(st, m, T) (offsetof(st, m) + 0 * sizeof(&((st *)0)->m == (T *)0))
/* clang-format off */
#define TEXT(st, m, need, lo, hi) { #m, FIELD_TEXT, need, FIELD_AT(st, m, const char *), lo, hi, NULL }
#define BOOL(st, m, need) { #m, FIELD_BOOL, need, FIELD_AT(st, m, enum field_bool), 0, 0, NULL }
#define UUID(st, m, need) { #m, FIELD_UUID, need, FIELD_AT(st, m, const char *), 0, 0, NULL }
#define EMAIL(st, m, need) { #m, FIELD_EMAIL, need, FIELD_AT(st, m, const char *), 0, 0, NULL }
#define TIME(st, m, need) { #m, FIELD_TIME, need, FIELD_AT(st, m, const char *), 0, 0, NULL }
#define WORD(st, m, need, ws) { #m, FIELD_WORD, need, FIELD_AT(st, m, const char *), 0, 0, ws }
#define OBJECT(st, m, need, hi) { #m, FIELD_OBJECT, need, FIELD_AT(st, m, const char *), 0, hi, NULL }
#define LIST(st, m, need, hi, fn) { #m, FIELD_LIST, need, FIELD_AT(st, m, const char *), 0, hi, NULL, fn }
#define INT(st, m, need) { #m, FIELD_INT, need, FIELD_AT(st, m, const char *), 0, 0, NULL }
/* clang-format on */

/*
 * Fill out from rq->body; members of absent keys stay as they were (zero them first).
 * Returns 0, or the status already answered in rp.  No body counts as {}.
 * The table ends with a row whose key is NULL.
 */
int field_read(struct req *rq, struct reply *rp, const struct field *fields, void *out);

/* Whether the body says null for key, which field_read() takes for absent. */
bool field_null(const struct req *rq, const char *key);

/* Whether v is a string of min..max characters, not all of them blank if min > 0: for a field_list_fn. */
bool field_is_text(json_object *v, size_t min, size_t max);

/* "true", "false" or NULL: for a statement's parameter. */
const char *field_flag(enum field_bool b);

#endif
