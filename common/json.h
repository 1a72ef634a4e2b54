#ifndef JSON_H
#define JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "scope.h"

/*
 * json - in through json-c behind a strict check, out straight into a buffer.
 */
DEFINE_SCOPED(json_object *, json_object_put)

/* ---- in ---- */

/* json-c takes much that is not JSON, and needs up to 260 times a text's memory;
 * the check before it and these bounds keep that out. */
#define JSON_DEPTH_MAX  32
#define JSON_VALUES_MAX 4096

/*
 * Parse n bytes of RFC 8259 JSON.  NULL for anything else, among it: bad UTF-8,
 * a byte order mark, NaN, comments, trailing bytes or commas, control characters
 * and \u0000 in strings, lone surrogates, integers outside int64, other numbers
 * too big or too small for a double or longer than 127 bytes, the same key twice in one object,
 * more than JSON_DEPTH_MAX levels or JSON_VALUES_MAX values.
 * *ok tells a valid null (which json-c also has as NULL) from an error.  The
 * caller owns the result.
 */
json_object *json_read(const char *s, size_t n, bool *ok) MUST_CHECK;

/*
 * Whether n bytes are such JSON; pure, used by json_read.  *values gets how many
 * values they hold and *members how many object members.
 */
bool json_check(const char *s, size_t n, size_t *values, size_t *members);

/* ---- out ---- */

/*
 * A growing text in an arena: n bytes at s, which move as it grows and have no final NUL.
 * Commas are put by the writer: a key or value after another one at the same level gets
 * its comma by itself.
 */
struct out {
	struct arena *a;
	char *s;
	size_t n, cap;
	bool comma; /* the next key or value is not the first here */
};

void out_init(struct out *o, struct arena *a, size_t expect);
void out_raw(struct out *o, const char *s, size_t n); /* bytes as they are */
void out_open(struct out *o, char bracket);           /* '{' or '[' */
void out_close(struct out *o, char bracket);          /* '}' or ']' */
void out_key(struct out *o, const char *key);         /* our own literal: not escaped */
void out_text(struct out *o, const char *s);          /* NULL is null; valid UTF-8 */
void out_int(struct out *o, int64_t v);
void out_bool(struct out *o, bool v);
void out_json(struct out *o, const char *json); /* ready JSON text; NULL is null */
/* PostgreSQL's text of a timestamptz(3), see moment.h; NULL is null. */
void out_moment(struct out *o, const char *pg);

#endif
