/* settings - who may read them, whether they will do, and how mail goes. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "queries.h"

#define LETTERS_MIN 12 /* different ones in a secret */

/* Why others can read path, or NULL. */
static const char *
exposed(struct doctor *d, const char *path)
{
	struct stat sb;

	if (stat(path, &sb) != 0)
		return errno == ENOENT ? NULL : arena_fmt(&d->a, "%s: %s", path, strerror(errno));
	if ((sb.st_mode & 077) != 0)
		return arena_fmt(&d->a, "%s has mode %04o", path, (unsigned)sb.st_mode & 07777);
	return NULL;
}

struct finding
check_settings(struct doctor *d)
{
	const char *path = arena_fmt(&d->a, "%s/carillon.env", d->var);
	const char *owner = arena_fmt(&d->a, "%s/owner.env", d->var);
	const char *why;
	struct passwd *user = d->installed ? getpwnam("carillon") : NULL;
	struct stat sb;

	if ((why = exposed(d, path)) != NULL || (why = exposed(d, owner)) != NULL)
		return found(FAIL, why, "chmod 600 that file; then change the secrets in it");
	if (stat(path, &sb) == 0 && user != NULL && sb.st_uid != user->pw_uid)
		return found(FAIL, arena_fmt(&d->a, "%s does not belong to carillon", path),
		    "chown carillon: that file, or its programs cannot read it");
	if (d->conf == NULL)
		return found(FAIL, "a setting is unfit or missing, see above",
		    arena_fmt(&d->a, "mend %s; carillon-cron --help lists the settings", path));
	return fine(access(path, R_OK) == 0 ? path : "all from the environment");
}

static int
different_letters(const char *s)
{
	bool seen[256] = { false };
	int n = 0;

	for (; *s != '\0'; s++) {
		n += !seen[(unsigned char)*s];
		seen[(unsigned char)*s] = true;
	}
	return n;
}

/* Their least length conf.c has seen to. */
struct finding
check_secrets(struct doctor *d)
{
	const struct token_keys *keys;

	if (d->conf == NULL)
		return skipped("no settings");
	keys = &d->conf->keys;
	for (size_t i = 0; i < keys->n; i++)
		if (different_letters(keys->key[i].secret) < LETTERS_MIN)
			return found(FAIL,
			    "CARILLON_JWT_SECRET can be guessed: it has few different letters",
			    "put the output of 'openssl rand -hex 32' there; everybody logs in again");
	if (keys->n > 1)
		return found(WARN, "CARILLON_JWT_SECRET_OLD is still set",
		    "take it away once the sessions that it signed have ended");
	return fine(arena_fmt(&d->a, "%zu bytes", strlen(keys->key[0].secret)));
}

/* ---- mail ---- */

static bool
sends_by(const struct doctor *d, const char *scheme)
{
	return strncmp(d->conf->mail_url, scheme, strlen(scheme)) == 0;
}

struct finding
check_mail(struct doctor *d)
{
	SCOPED(rows_free) struct db_rows *rows = NULL;
	const char *parked;

	if (d->conf == NULL)
		return skipped("no settings");
	if (sends_by(d, "resend:") && d->conf->resend_key == NULL)
		return found(FAIL, "RESEND_API_KEY is missing", "make a key in Resend and set it");
	if (d->reached && db_read(d->web, &q_ops_cron, (struct db_args){ 0 }, &rows) == DB_OK &&
	    (parked = rows_text(rows, 0, "parked")) != NULL)
		return found(FAIL, arena_fmt(&d->a, "all mail is held back: %s", parked),
		    "mend what the provider refuses; it goes on by itself within minutes");
	if (sends_by(d, "file:"))
		return found(WARN, "it is put into a folder: nobody gets any",
		    "set CARILLON_MAIL_URL to smtps://... or resend: when people shall log in");
	return fine(arena_fmt(&d->a, "by %.*s, from %s", (int)strcspn(d->conf->mail_url, ":"),
	    d->conf->mail_url, d->conf->mail_from));
}

struct finding
check_reports(struct doctor *d)
{
	if (d->conf == NULL)
		return skipped("no settings");
	if (d->conf->resend_webhook_secret != NULL)
		return fine("the secret of Resend's webhook is set");
	if (!sends_by(d, "resend:"))
		return skipped("only Resend tells what became of mail");
	return found(WARN, "nobody tells what became of mail",
	    "make a webhook in Resend for /hooks/resend, set CARILLON_RESEND_WEBHOOK_SECRET");
}
