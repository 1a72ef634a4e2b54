#ifndef FLAGS_H
#define FLAGS_H

#include "change.h"
#include "field.h"
#include "listing.h"

/*
 * flags - what the files of the family flags share.
 */
handler_fn add_flag, change_flag, archive_flag, remove_flag;                /* edit.c */
handler_fn run_flag, pause_flag;                                            /* toggle.c */
handler_fn show_schedule, save_schedule, cancel_schedule, preview_schedule; /* schedule.c */
handler_fn evaluate_flag, evaluate_flags, evaluate_refuse;                  /* evaluate.c */
extern const char *const evaluate_params[]; /* query parameters of both */

/* What a caller may send of a flag, and the change that it makes. */
struct flag_change {
	struct change c;
	const char *key, *name, *kind, *variations, *default_on, *default_off;
	const char *version; /* that the caller has seen, or NULL */
	const char *etag;    /* of the flag as it is afterwards */
};

/* Of a change that needs nothing but, perhaps, the version. */
extern const struct field flag_version_fields[];

/* The public shape of a flag. */
row_json_fn flag_json;

/* Whether key is 1 to 100 of a-z A-Z 0-9 . _ - and can stand in a path. */
bool flag_key_ok(const char *key);

/* Read the flag again, after it was changed: c->after and etag. */
enum db_status flag_after(struct db_tx *tx, struct flag_change *w, const char *id) MUST_CHECK;

/* ---- variations.c: pure ---- */

#define VARIATION_NAME_CHARS 100

/* Of 1 to 50 {"name","value"}: a field_list_fn. */
bool variations_ok(json_object *list);

/* Why a flag of this kind may not have these variations, or NULL. */
const char *variations_rule(struct arena *a, const char *kind, json_object *list);

/*
 * The name of the variation that a flag serves while on (or off) when nobody says: the
 * first (last); of a boolean flag the first that is true (false), if there is one.
 */
const char *variations_default(const char *kind, json_object *list, bool on);

#endif
