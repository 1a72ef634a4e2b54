/*
 * carillon-token EMAIL [SECONDS] - print a JWT for that user, good for SECONDS (a day).
 *
 * Logs in without a code, for whoever may read the settings.  Exit codes: 0, 1 nobody has that
 * address or the database is away, 2 usage or settings.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf.h"
#include "db.h"
#include "queries.h"
#include "token.h"

#define A_DAY     "86400"
#define TEN_YEARS (10L * 366 * 86400)

static bool
seconds_are_fit(const char *s)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(s, &end, 10);
	return errno == 0 && end != s && *end == '\0' && n > 0 && n <= TEN_YEARS;
}

static int
print_token(const struct conf *conf, struct db *db, const char *email, const char *seconds)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	struct token t = { .email = NULL };
	struct arena a;

	switch (db_alone(db, &q_token_session, DB_ARGS(email, seconds), &rows)) {
	case DB_OK:
		break;
	case DB_NONE:
		fprintf(stderr, "carillon-token: nobody has the address %s\n", email);
		return 1;
	default:
		fprintf(stderr, "carillon-token: %s\n", db_error(db));
		return 1;
	}
	snprintf(t.user, sizeof(t.user), "%s", rows_text(rows, 0, "user_id"));
	snprintf(t.session, sizeof(t.session), "%s", rows_text(rows, 0, "session_id"));
	t.email = rows_text(rows, 0, "email");
	t.issued = rows_int(rows, 0, "issued");
	t.expires = rows_int(rows, 0, "expires");
	arena_init(&a, 64 * 1024);
	puts(token_make(&a, &t, &conf->keys));
	arena_free(&a);
	return fflush(stdout) == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	const struct conf *conf;
	struct db *db;
	int code;

	if (argc < 2 || argc > 3 || argv[1][0] == '-' || (argc == 3 && !seconds_are_fit(argv[2]))) {
		fprintf(stderr, "usage: carillon-token EMAIL [SECONDS]\n");
		return 2;
	}
	if ((conf = conf_load()) == NULL)
		return 2;
	if ((db = db_open(conf->web_database_url, conf->prepare)) == NULL)
		return 1;
	if (conf->citus)
		db_sharded(db);
	code = print_token(conf, db, argv[1], argc == 3 ? argv[2] : A_DAY);
	db_close(db);
	return code;
}
