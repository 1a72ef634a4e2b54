/*
 * field: the first byte chooses the table, the rest is a body.  What is read keeps the table's
 * bounds and, written as a body again, reads the same; what is refused is named.
 */
#include "tests/unit/t_thing.h"

#include "fuzz.h"
#include "moment.h"
#include "text.h"

static size_t
characters(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static bool
is_json(const char *s, json_type type)
{
	SCOPED(json_object_put) json_object *v = NULL;
	bool ok;

	v = json_read(s, strlen(s), &ok);
	return ok && json_object_is_type(v, type);
}

static void
keeps_bounds(const struct thing *th)
{
	char id[UUID_LEN + 1], email[EMAIL_MAX + 1];

	HOLDS(th->title == NULL || characters(th->title) <= 5, "title %s", th->title);
	HOLDS(th->note == NULL || characters(th->note) <= 3, "note %s", th->note);
	HOLDS(th->id == NULL || (text_uuid(th->id, strlen(th->id), id) && strcmp(id, th->id) == 0),
	    "id %s", th->id);
	HOLDS(th->email == NULL ||
		(text_email(th->email, strlen(th->email), email) && strcmp(email, th->email) == 0),
	    "email %s", th->email);
	HOLDS(th->at == NULL || moment_is_exact(th->at, strlen(th->at)), "at %s", th->at);
	HOLDS(th->kind == NULL || th->kind == kinds[0] || th->kind == kinds[1], "kind %s",
	    th->kind);
	HOLDS(th->data == NULL || (strlen(th->data) <= 20 && is_json(th->data, json_type_object)),
	    "data %s", th->data);
	HOLDS(th->list == NULL || is_json(th->list, json_type_array), "list %s", th->list);
	HOLDS(th->version == NULL || is_json(th->version, json_type_int), "version %s",
	    th->version);
}

static void
put(struct out *o, const char *key, const char *s, bool json)
{
	if (s == NULL)
		return;
	out_key(o, key);
	if (json)
		out_json(o, s);
	else
		out_text(o, s);
}

static json_object *
written(struct arena *a, const struct thing *th)
{
	struct out o;
	json_object *v;
	bool ok;

	out_init(&o, a, 256);
	out_open(&o, '{');
	put(&o, "title", th->title, false);
	put(&o, "note", th->note, false);
	put(&o, "read", field_flag(th->read), true);
	put(&o, "id", th->id, false);
	put(&o, "email", th->email, false);
	put(&o, "at", th->at, false);
	put(&o, "kind", th->kind, false);
	put(&o, "data", th->data, true);
	put(&o, "list", th->list, true);
	put(&o, "version", th->version, true);
	out_close(&o, '}');
	v = json_read(o.s, o.n, &ok);
	HOLDS(ok, "written: %.*s", (int)o.n, o.s);
	return v;
}

static bool
same(const char *s, const char *t)
{
	return s == t || (s != NULL && t != NULL && strcmp(s, t) == 0);
}

static void
reads_again(struct arena *a, const struct field *table, const struct thing *th)
{
	SCOPED(json_object_put) json_object *v = written(a, th);
	struct req rq = { .a = a, .body = v };
	struct reply rp = { .status = 0 };
	struct thing got = { .title = NULL };

	HOLDS(field_read(&rq, &rp, table, &got) == 0, "%s", json_object_to_json_string(v));
	HOLDS(same(got.title, th->title) && same(got.note, th->note) && got.read == th->read &&
		same(got.id, th->id) && same(got.email, th->email) && same(got.at, th->at) &&
		got.kind == th->kind && same(got.data, th->data) && same(got.list, th->list) &&
		same(got.version, th->version),
	    "%s", json_object_to_json_string(v));
}

/* {"error":"Unknown field: x"} and so on, short. */
static void
names_field(const struct reply *rp)
{
	SCOPED(json_object_put) json_object *v = NULL;
	const char *why;
	bool ok;

	v = json_read(rp->body.s, rp->body.n, &ok);
	why = ok ? json_object_get_string(json_object_object_get(v, "error")) : NULL;
	HOLDS(rp->status == 400 && why != NULL, "%.*s", (int)rp->body.n, rp->body.s);
	HOLDS((strncmp(why, "Unknown field: ", 15) == 0 ||
		  strncmp(why, "Invalid field: ", 15) == 0 ||
		  strncmp(why, "Missing field: ", 15) == 0) &&
		characters(why) <= 15 + 50,
	    "%s", why);
}

void
fuzz_one(struct arena *a, const char *s, size_t n)
{
	SCOPED(json_object_put) json_object *v = NULL;
	const struct field *table = n > 0 && s[0] == 'r' ? required : optional;
	struct req rq = { .a = a };
	struct reply rp = { .status = 0 };
	struct thing th = { .title = NULL };
	bool ok;

	if (n < 2)
		return;
	v = json_read(s + 1, n - 1, &ok);
	if (!json_object_is_type(v, json_type_object))
		return;
	rq.body = v;
	if (field_read(&rq, &rp, table, &th) != 0) {
		names_field(&rp);
		return;
	}
	keeps_bounds(&th);
	reads_again(a, table, &th);
}
