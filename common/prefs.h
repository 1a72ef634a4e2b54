#ifndef PREFS_H
#define PREFS_H

#include "arena.h"
#include "json.h"

/*
 * prefs - what a user says about notifications (contract section 6).  Pure.
 *
 * {"notifications":{"types":{TYPE:{CHANNEL:bool}},"email_after_minutes":N}}, all of it
 * optional.  Types and channels are those of the registry (common/notify.h); of types that
 * cannot be muted nothing is kept.  Mail of the others waits N minutes, and is not sent when
 * the notification has been read meanwhile.
 */
#define PREFS_MINUTES_MAX (7 * 24 * 60)

struct prefs {
	const char *types;       /* the overrides {TYPE:{CHANNEL:bool}} as JSON text, or NULL */
	const char *email_after; /* minutes in decimal, or NULL */
};

enum prefs_status {
	PREFS_OK = 0,
	PREFS_UNKNOWN, /* strict only: a key that would be dropped */
	PREFS_INVALID  /* no boolean, no object, no such number, where one belongs */
};

/*
 * Read in, a JSON object.
 *   strict  refuse what would be dropped
 *   out     written on PREFS_OK: what was there, its strings in a
 *   name    else: the key at fault, borrowed from in
 */
enum prefs_status prefs_read(struct arena *a, json_object *in, bool strict, struct prefs *out,
    const char **name);

#endif
