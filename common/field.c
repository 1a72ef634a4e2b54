#include "field.h"

#include "moment.h"
#include "text.h"

static const struct field *
find(const struct field *f, const char *key)
{
	while (f->key != NULL && strcmp(f->key, key) != 0)
		f++;
	return f->key != NULL ? f : NULL;
}

/* ---- one reader a type; each returns the member's new value, or NULL ---- */

/* What must not be empty must not look so either. */
static bool
text_fits(const char *s, size_t min, size_t max)
{
	size_t n = text_length(s);

	return n >= min && n <= max && (min == 0 || s[strspn(s, " \t\r\n")] != '\0');
}

static const char *
read_text(const struct field *f, const char *s)
{
	return text_fits(s, f->min, f->max) ? s : NULL;
}

static const char *
read_word(const struct field *f, const char *s)
{
	for (const char *const *word = f->words; *word != NULL; word++)
		if (strcmp(*word, s) == 0)
			return *word;
	return NULL;
}

static const char *
read_uuid(struct arena *a, const char *s)
{
	char id[UUID_LEN + 1];

	return text_uuid(s, strlen(s), id) ? arena_dup(a, id) : NULL;
}

static const char *
read_email(struct arena *a, const char *s)
{
	char address[EMAIL_MAX + 1];

	return text_email(s, strlen(s), address) ? arena_dup(a, address) : NULL;
}

static const char *
read_time(struct arena *a, const char *s)
{
	char at[MOMENT_LEN + 1];
	int64_t ms;

	if (!moment_parse(s, strlen(s), &ms))
		return NULL;
	moment_format(ms, at);
	return arena_dup(a, at);
}

/* v as JSON text of at most max bytes. */
static const char *
read_json(struct arena *a, json_object *v, size_t max)
{
	size_t n;
	const char *s = json_object_to_json_string_length(v,
	    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);

	return s != NULL && n <= max ? arena_ndup(a, s, n) : NULL;
}

static const char *
read_list(struct arena *a, const struct field *f, json_object *v)
{
	if (json_object_array_length(v) > f->max || !f->list(v))
		return NULL;
	return read_json(a, v, SIZE_MAX);
}

/* Of the types that are strings in JSON.  json_read() lets no NUL into one. */
static const char *
read_string(struct arena *a, const struct field *f, const char *s)
{
	switch (f->type) {
	case FIELD_TEXT:
		return read_text(f, s);
	case FIELD_WORD:
		return read_word(f, s);
	case FIELD_UUID:
		return read_uuid(a, s);
	case FIELD_EMAIL:
		return read_email(a, s);
	case FIELD_TIME:
		return read_time(a, s);
	default:
		return NULL;
	}
}

/* ---- all of them ---- */

static const char *
read_value(struct arena *a, const struct field *f, json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_string:
		return read_string(a, f, json_object_get_string(v));
	case json_type_object:
		return f->type == FIELD_OBJECT ? read_json(a, v, f->max) : NULL;
	case json_type_array:
		return f->type == FIELD_LIST ? read_list(a, f, v) : NULL;
	case json_type_int:
		return f->type == FIELD_INT ? read_json(a, v, SIZE_MAX) : NULL;
	default:
		return NULL;
	}
}

static bool
set(struct arena *a, const struct field *f, json_object *v, void *out)
{
	void *at = (char *)out + f->offset;
	const char *s;

	if (f->type == FIELD_BOOL) {
		if (!json_object_is_type(v, json_type_boolean))
			return false;
		*(enum field_bool *)at = json_object_get_boolean(v) ? YES : NO;
		return true;
	}
	if ((s = read_value(a, f, v)) == NULL)
		return false;
	*(const char **)at = s;
	return true;
}

static int
refuse(struct req *rq, struct reply *rp, const char *what, const char *key)
{
	return http_fail(rq, rp, 400, "%s field: %.*s", what,
	    (int)text_prefix(key, FIELD_SHOWN_MAX), key);
}

/* A key of the body: 0, or the status answered. */
static int
read_member(struct req *rq, struct reply *rp, const struct field *fields, const char *key,
    json_object *v, void *out)
{
	const struct field *f = find(fields, key);

	if (f == NULL)
		return refuse(rq, rp, "Unknown", key);
	if (v == NULL && f->need == NULLABLE)
		return 0;
	if (v == NULL || !set(rq->a, f, v, out))
		return refuse(rq, rp, "Invalid", key);
	return 0;
}

int
field_read(struct req *rq, struct reply *rp, const struct field *fields, void *out)
{
	int status;

	if (rq->body != NULL) {
		json_object_object_foreach(rq->body, key, v)
		{
			if ((status = read_member(rq, rp, fields, key, v, out)) != 0)
				return status;
		}
	}
	for (const struct field *f = fields; f->key != NULL; f++)
		if (f->need == REQUIRED &&
		    (rq->body == NULL || !json_object_object_get_ex(rq->body, f->key, NULL)))
			return refuse(rq, rp, "Missing", f->key);
	return 0;
}

bool
field_null(const struct req *rq, const char *key)
{
	json_object *v;

	return rq->body != NULL && json_object_object_get_ex(rq->body, key, &v) && v == NULL;
}

bool
field_is_text(json_object *v, size_t min, size_t max)
{
	return json_object_is_type(v, json_type_string) &&
	    text_fits(json_object_get_string(v), min, max);
}

const char *
field_flag(enum field_bool b)
{
	return b == ABSENT ? NULL : b == YES ? "true" : "false";
}
