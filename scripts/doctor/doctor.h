#ifndef DOCTOR_H
#define DOCTOR_H

#include <stdbool.h>

#include "arena.h"
#include "conf.h"
#include "db.h"

/*
 * doctor - what the parts of carillon-doctor share; main.c has the table of checks.
 *
 * A new check is a function here and a row there.  It changes nothing, and its words name no secret.
 */

/* SKIP: it cannot be seen from here, or makes no sense without another. */
enum state { OK, WARN, FAIL, SKIP };

struct finding {
	enum state state;
	const char *detail;
	const char *todo; /* NULL: nothing */
};

struct doctor {
	struct arena a;           /* whatever is found lives here */
	const char *root, *build; /* of the copy that the program belongs to */
	const char *var;
	bool installed;
	const struct conf *conf; /* NULL: unfit */
	struct db *web, *worker; /* NULL without conf */
	bool reached;            /* the database, as web */
};

static inline struct finding
found(enum state state, const char *detail, const char *todo)
{
	return (struct finding){ state, detail, todo };
}

static inline struct finding
fine(const char *detail)
{
	return found(OK, detail, NULL);
}

static inline struct finding
skipped(const char *why)
{
	return found(SKIP, why, NULL);
}

typedef struct finding check_fn(struct doctor *d);

check_fn check_settings, check_secrets, check_web, check_worker, check_migrations, check_clock,
    check_cron, check_sockets, check_nginx, check_address, check_mail, check_reports, check_disk,
    check_zones, check_pages;

#endif
