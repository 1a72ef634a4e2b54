#ifndef PREFLIGHT_H
#define PREFLIGHT_H

#include <stdbool.h>

#include "arena.h"
#include "db.h"
#include "json.h"

/*
 * preflight - may this experiment start?  (contract section 8)
 *
 * Asked when it is published, when a launch is scheduled, and again when that fires.
 */
enum { PREFLIGHT_CHECKS = 4 };

struct preflight {
	bool passes; /* all of them do */
	struct preflight_check {
		const char *name;
		bool passes;
		const char *detail; /* a sentence for people, without its full stop */
	} checks[PREFLIGHT_CHECKS];
};

/* What is looked at: the lists as JSON text.  Anything but an array counts as empty. */
struct preflight_of {
	bool snippet_seen;
	const char *url_rules, *variations, *metrics;
};

/* Pure.  Details live in a. */
void preflight_run(struct arena *a, const struct preflight_of *of, struct preflight *p);

/* ---- the same of a row with snippet_seen_at, url_rules, variations and metrics ---- */

/* What stands against it, in words: "no URL rule is set; no metric is set"; NULL: nothing. */
const char *preflight_refusal(struct arena *a, const struct db_rows *rows, int row);

/* {"passes","checks":[…]} */
void preflight_json(struct out *o, const struct db_rows *rows, int row);

#endif
