/*
 * json: what is read, printed by json-c or by our own writer and read again, is the same; and any
 * text that is valid UTF-8 comes back from the writer as it was.
 */
#include "json.h"

#include "fuzz.h"

static void write_value(struct out *o, json_object *v);

static void
write_object(struct out *o, json_object *v)
{
	out_open(o, '{');
	json_object_object_foreach(v, key, member)
	{
		struct out name;

		/* out_key() is for keys of our own, so this one is escaped as a text */
		out_init(&name, o->a, 64);
		out_text(&name, key);
		out_key(o, arena_ndup(o->a, name.s + 1, name.n - 2));
		write_value(o, member);
	}
	out_close(o, '}');
}

static void
write_value(struct out *o, json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_null:
		out_text(o, NULL);
		break;
	case json_type_boolean:
		out_bool(o, json_object_get_boolean(v));
		break;
	case json_type_int:
		out_int(o, json_object_get_int64(v));
		break;
	case json_type_string:
		out_text(o, json_object_get_string(v));
		break;
	case json_type_object:
		write_object(o, v);
		break;
	case json_type_array:
		out_open(o, '[');
		for (size_t i = 0; i < json_object_array_length(v); i++)
			write_value(o, json_object_array_get_idx(v, i));
		out_close(o, ']');
		break;
	default:
		out_json(o, json_object_to_json_string(v));
	}
}

static void
reads_as(const char *s, size_t n, json_object *want)
{
	SCOPED(json_object_put) json_object *v = NULL;
	bool ok;

	v = json_read(s, n, &ok);
	HOLDS(ok && json_object_equal(v, want), "%.*s", (int)n, s);
}

static void
written(struct arena *a, json_object *v)
{
	struct out o;
	size_t n;
	const char *s = json_object_to_json_string_length(v, JSON_C_TO_STRING_PLAIN, &n);

	reads_as(s, n, v);
	out_init(&o, a, 64);
	write_value(&o, v);
	HOLDS(fuzz_is_utf8(o.s, o.n), "%.*s", (int)o.n, o.s);
	reads_as(o.s, o.n, v);
}

static void
text(struct arena *a, const char *s, size_t n)
{
	SCOPED(json_object_put) json_object *v = json_object_new_string_len(s, (int)n);
	struct out o;

	out_init(&o, a, 64);
	out_text(&o, arena_ndup(a, s, n));
	reads_as(o.s, o.n, v);
}

void
fuzz_one(struct arena *a, const char *s, size_t n)
{
	SCOPED(json_object_put) json_object *v = NULL;
	size_t values, members;
	bool ok, checked = json_check(s, n, &values, &members);

	v = json_read(s, n, &ok);
	HOLDS(checked || !ok, "read but not checked: %.*s", (int)n, s);
	/* only a key given twice is JSON that is not read */
	HOLDS(ok || !checked || members > 1, "checked but not read: %.*s", (int)n, s);
	if (ok) {
		HOLDS(fuzz_is_utf8(s, n) && values <= JSON_VALUES_MAX, "%.*s", (int)n, s);
		written(a, v);
	}
	if (fuzz_is_utf8(s, n))
		text(a, s, n);
}
