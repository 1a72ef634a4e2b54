#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "token.h"

/*
 * conf - the one table of settings.
 *
 * Each comes from the environment, else from $CARILLON_VAR/carillon.env (lines
 * NAME=value, taken as they stand; # begins a comment line), else from its default.
 * An empty one counts as unset, but hides the file's.  CARILLON_VAR itself defaults to var/ in the checkout
 * that the running executable was built in: the parent of the first folder named build
 * or build-san above /proc/self/exe.
 */
struct conf {
	const char *var; /* absolute */
	const char *port;
	const char *base_url;     /* no trailing slash */
	const char *database_url; /* the migrator's */
	const char *web_database_url, *worker_database_url;
	const char *mail_url, *mail_from;
	const char *resend_webhook_secret; /* NULL: nobody may report on mail */
	const char *resend_url, *resend_key;
	const char *ca_file; /* NULL: only the authorities of the system */
	int64_t lease_ms;    /* how long a worker has what it sends to itself */
	int64_t key_rate;    /* what a key may send a minute */
	const char *tls_cert, *tls_key;
	bool prepare;
	bool citus;
	bool webhook_local; /* for tests */
	struct token_keys keys;
};

/*
 * Read them.  NULL, with the reason on stderr (a setting's name, never its value),
 * when one is missing or unfit.  Lives as long as the process.
 */
const struct conf *conf_load(void);

/* Print the names, the defaults and what each is for: --help of our programs. */
void conf_print(void);

#endif
