#ifndef PREFS_H
#define PREFS_H

#include "arena.h"
#include "json.h"

/*
 * prefs - what a user says about notifications (contract section 6).  Pure.
 *
 * {"notifications":{"types":{TYPE:{CHANNEL:bool}}}}, all of it optional.  Types and
 * channels are those of the registry (common/notify.h); of types that cannot be muted
 * nothing is kept.
 */
enum prefs_status {
	PREFS_OK = 0,
	PREFS_UNKNOWN, /* strict only: a key that would be dropped */
	PREFS_INVALID  /* no boolean, or no object, where one belongs */
};

/*
 * Read in, a JSON object.
 *   strict  refuse what would be dropped
 *   types   on PREFS_OK: the overrides {TYPE:{CHANNEL:bool}} as JSON text in a, or NULL
 *           when there is none
 *   name    else: the key at fault, borrowed from in
 */
enum prefs_status prefs_read(struct arena *a, json_object *in, bool strict, const char **types,
    const char **name);

#endif
