#ifndef T_THING_H
#define T_THING_H

/* t_thing - a body with a member of every type, and two tables that read it. */
#include "field.h"

struct thing {
	const char *title, *note;
	enum field_bool read;
	const char *id, *email, *at, *kind, *data, *list, *version;
};

static const char *const kinds[] = { "agent", "client", NULL };

/* Every item is a string of 1..3 characters. */
static bool
short_texts(json_object *list)
{
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (!field_is_text(json_object_array_get_idx(list, i), 1, 3))
			return false;
	return true;
}

static const struct field optional[] = {
	TEXT(struct thing, title, OPTIONAL, 1, 5),
	TEXT(struct thing, note, NULLABLE, 0, 3),
	BOOL(struct thing, read, OPTIONAL),
	UUID(struct thing, id, OPTIONAL),
	EMAIL(struct thing, email, OPTIONAL),
	TIME(struct thing, at, NULLABLE),
	WORD(struct thing, kind, OPTIONAL, kinds),
	OBJECT(struct thing, data, NULLABLE, 20),
	LIST(struct thing, list, OPTIONAL, 3, short_texts),
	INT(struct thing, version, NULLABLE),
	{ NULL },
};

static const struct field required[] = {
	TEXT(struct thing, title, REQUIRED, 0, 5),
	BOOL(struct thing, read, NULLABLE),
	WORD(struct thing, kind, REQUIRED, kinds),
	{ NULL },
};

#endif
