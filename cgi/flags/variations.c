/* variations - what may be said of a flag's list of {"name","value"}. */
#include <string.h>

#include "cgi/flags/flags.h"

#define VARIATIONS_MAX 50

static json_object *
member(json_object *list, size_t i, const char *key)
{
	return json_object_object_get(json_object_array_get_idx(list, i), key);
}

static const char *
name_of(json_object *list, size_t i)
{
	return json_object_get_string(member(list, i, "name"));
}

bool
variations_ok(json_object *list)
{
	size_t n = json_object_array_length(list);

	for (size_t i = 0; i < n; i++) {
		json_object *item = json_object_array_get_idx(list, i);

		if (!json_object_is_type(item, json_type_object) ||
		    json_object_object_length(item) != 2 ||
		    !json_object_object_get_ex(item, "value", NULL) ||
		    !field_is_text(member(list, i, "name"), 1, VARIATION_NAME_CHARS))
			return false;
	}
	return n >= 1 && n <= VARIATIONS_MAX;
}

static bool
value_fits(const char *kind, json_object *v)
{
	if (strcmp(kind, "boolean") == 0)
		return json_object_is_type(v, json_type_boolean);
	if (strcmp(kind, "string") == 0)
		return json_object_is_type(v, json_type_string);
	if (strcmp(kind, "number") == 0)
		return json_object_is_type(v, json_type_int) ||
		    json_object_is_type(v, json_type_double);
	return true;
}

static bool
is_named_before(json_object *list, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(name_of(list, i), name_of(list, at)) == 0)
			return true;
	return false;
}

const char *
variations_rule(struct arena *a, const char *kind, json_object *list)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		if (!value_fits(kind, member(list, i, "value")))
			return arena_fmt(a, "variations: value %zu must be a %s", i + 1, kind);
		if (is_named_before(list, i))
			return "variations: names must differ";
	}
	return NULL;
}

const char *
variations_default(const char *kind, json_object *list, bool on)
{
	size_t n = json_object_array_length(list);

	for (size_t i = 0; strcmp(kind, "boolean") == 0 && i < n; i++)
		if (json_object_get_boolean(member(list, i, "value")) == on)
			return name_of(list, i);
	return name_of(list, on ? 0 : n - 1);
}
