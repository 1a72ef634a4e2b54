#include "prefs.h"

#include <string.h>

#include "notify.h"

struct walk {
	struct out o;
	bool strict, any; /* any: something was written */
	const char *email_after;
	const char *name;
};

static enum prefs_status
unknown(struct walk *w, const char *key)
{
	w->name = key;
	return w->strict ? PREFS_UNKNOWN : PREFS_OK;
}

static enum prefs_status
invalid(struct walk *w, const char *key)
{
	w->name = key;
	return PREFS_INVALID;
}

/* Our own spelling of a channel, or NULL. */
static const char *
channel_find(const char *name)
{
	for (size_t i = 0; notice_channels[i] != NULL; i++)
		if (strcmp(notice_channels[i], name) == 0)
			return notice_channels[i];
	return NULL;
}

/* {CHANNEL:bool} of one type; nothing is written for an empty one. */
static enum prefs_status
read_channels(struct walk *w, const struct notice_type *type, json_object *in)
{
	bool opened = false;

	if (!json_object_is_type(in, json_type_object))
		return invalid(w, type->name);
	json_object_object_foreach(in, key, value)
	{
		const char *channel = channel_find(key);

		if (channel == NULL) {
			if (unknown(w, key) != PREFS_OK)
				return PREFS_UNKNOWN;
			continue;
		}
		if (!json_object_is_type(value, json_type_boolean))
			return invalid(w, key);
		if (!opened) {
			out_key(&w->o, type->name);
			out_open(&w->o, '{');
		}
		opened = w->any = true;
		out_key(&w->o, channel);
		out_bool(&w->o, json_object_get_boolean(value));
	}
	if (opened)
		out_close(&w->o, '}');
	return PREFS_OK;
}

static enum prefs_status
read_types(struct walk *w, json_object *in)
{
	enum prefs_status st;

	if (!json_object_is_type(in, json_type_object))
		return invalid(w, "types");
	json_object_object_foreach(in, key, value)
	{
		const struct notice_type *type = notice_find(key);

		st = type != NULL && type->is_mutable ? read_channels(w, type, value)
						      : unknown(w, key);
		if (st != PREFS_OK)
			return st;
	}
	return PREFS_OK;
}

/* A whole number: 10.0 is one too. */
static enum prefs_status
read_minutes(struct walk *w, json_object *in)
{
	double n = json_object_get_double(in);

	if ((!json_object_is_type(in, json_type_int) &&
		!json_object_is_type(in, json_type_double)) ||
	    n < 0 || n > PREFS_MINUTES_MAX || n != (int)n)
		return invalid(w, "email_after_minutes");
	w->email_after = arena_fmt(w->o.a, "%d", (int)n);
	return PREFS_OK;
}

static enum prefs_status
read_notifications(struct walk *w, json_object *in)
{
	enum prefs_status st;

	if (!json_object_is_type(in, json_type_object))
		return invalid(w, "notifications");
	json_object_object_foreach(in, key, value)
	{
		st = strcmp(key, "types") == 0                ? read_types(w, value)
		    : strcmp(key, "email_after_minutes") == 0 ? read_minutes(w, value)
							      : unknown(w, key);
		if (st != PREFS_OK)
			return st;
	}
	return PREFS_OK;
}

enum prefs_status
prefs_read(struct arena *a, json_object *in, bool strict, struct prefs *out, const char **name)
{
	struct walk w = { .strict = strict };
	enum prefs_status st;

	out_init(&w.o, a, 256);
	out_open(&w.o, '{');
	json_object_object_foreach(in, key, value)
	{
		st = strcmp(key, "notifications") == 0 ? read_notifications(&w, value)
						       : unknown(&w, key);
		if (st != PREFS_OK) {
			*name = w.name;
			return st;
		}
	}
	out_close(&w.o, '}');
	out->types = w.any ? arena_ndup(a, w.o.s, w.o.n) : NULL;
	out->email_after = w.email_after;
	return PREFS_OK;
}
