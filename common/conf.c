#include "conf.h"

#include <errno.h>
#include <unistd.h>

#include "arena.h"
#include "hook.h"
#include "log.h"
#include "scope.h"

DEFINE_SCOPED(char *, free)
DEFINE_SCOPED(FILE *, fclose)

#define BYTES_MAX (1024 * 1024) /* all settings together */

enum kind {
	TEXT,
	PORT,
	SITE, /* a base URL */
	MAIL, /* where mail goes */
	SECRET,
	KEY_ID,
	HOOK, /* the secret of a webhook */
	API,  /* the address of a service that gets a secret of ours */
	API_KEY,
	SECONDS, /* an int64_t, in milliseconds */
	COUNTED, /* an int64_t */
	PLACE,   /* an absolute path */
	SWITCH,  /* on or off; a bool */
	SCRIPTS, /* read by scripts/ only */
};

#define AT(member) offsetof(struct conf, member)

static const struct setting {
	const char *name;
	enum kind kind;
	size_t at;
	const char *standard; /* NULL: none, or worked out in settle() */
	const char *help;
} settings[] = {
	/* CARILLON_VAR is not here: it says where the file with these is */
	{ "CARILLON_PORT", PORT, AT(port), "8080", "where nginx listens" },
	{ "CARILLON_LISTEN", SCRIPTS, 0, "127.0.0.1",
	    "nginx: addresses to listen on, such as 0.0.0.0 [::]" },
	{ "CARILLON_BASE_URL", SITE, AT(base_url), NULL,
	    "how links in mail begin; http://127.0.0.1:PORT when unset" },
	{ "CARILLON_DATABASE_URL", TEXT, AT(database_url), NULL,
	    "libpq URI or key=value string of the owner of the schema" },
	{ "CARILLON_WEB_DATABASE_URL", TEXT, AT(web_database_url), NULL,
	    "the same for the FastCGI programs; CARILLON_DATABASE_URL when unset" },
	{ "CARILLON_WORKER_DATABASE_URL", TEXT, AT(worker_database_url), NULL,
	    "the same for carillon-cron; CARILLON_DATABASE_URL when unset" },
	{ "CARILLON_PREPARE", SWITCH, AT(prepare), "on",
	    "off: no prepared statements, for poolers that cannot keep them" },
	{ "CARILLON_CITUS", SWITCH, AT(citus), "off",
	    "on: the database is a Citus coordinator, set up with sql/citus.sql" },
	{ "CARILLON_JWT_SECRET", SECRET, AT(keys.key[0].secret), NULL,
	    "signs session tokens; at least 32 bytes, required" },
	{ "CARILLON_JWT_KID", KEY_ID, AT(keys.key[0].kid), NULL, "names that key in tokens" },
	{ "CARILLON_JWT_SECRET_OLD", SECRET, AT(keys.key[1].secret), NULL,
	    "while changing keys: also accepted" },
	{ "CARILLON_JWT_KID_OLD", KEY_ID, AT(keys.key[1].kid), NULL, "names the old key" },
	{ "CARILLON_MAIL_URL", MAIL, AT(mail_url), NULL,
	    "resend:, smtp://..., smtps://... or file:FOLDER; the folder mail in CARILLON_VAR when unset" },
	{ "CARILLON_CA_FILE", PLACE, AT(ca_file), NULL,
	    "PEM: authorities to believe beside the system's when mail and webhooks are sent" },
	{ "CARILLON_MAIL_FROM", TEXT, AT(mail_from), "Carillon <carillon@localhost>",
	    "the sender of all mail" },
	{ "CARILLON_RESEND_WEBHOOK_SECRET", HOOK, AT(resend_webhook_secret), NULL,
	    "whsec_...: what Resend signs its calls of /hooks/resend with; all are refused when unset" },
	{ "CARILLON_WEBHOOK_LOCAL", SWITCH, AT(webhook_local), "off",
	    "on: webhooks of users may lead to loopback addresses and be plain http; for tests only" },
	{ "RESEND_API_KEY", API_KEY, AT(resend_key), NULL, "for resend:, its key" },
	{ "RESEND_API_URL", API, AT(resend_url), "https://api.resend.com",
	    "for resend:, its address" },
	{ "CARILLON_LEASE_SECONDS", SECONDS, AT(lease_ms), "90",
	    "how long a worker has what it sends to itself; a call takes 2/9 of it at most, and never over 16" },
	{ "CARILLON_KEY_RATE", COUNTED, AT(key_rate), "6000",
	    "how many events and feedback messages a key may send a minute" },
	{ "CARILLON_TLS_CERT", TEXT, AT(tls_cert), NULL, "nginx: certificate file; turns TLS on" },
	{ "CARILLON_TLS_KEY", TEXT, AT(tls_key), NULL, "nginx: its key" },
	{ "CARILLON_CRON", SCRIPTS, 0, "on", "off: make run starts no cron loop" },
	{ "CARILLON_DEMO", SCRIPTS, 0, "on", "off: make run loads no demo data" },
	{ "CARILLON_POOL_<FAMILY>", SCRIPTS, 0, NULL, "how many workers a family gets" },
};

static struct arena memory; /* never freed: settings live as long as the process */

/* ---- what fits ---- */

/* From 1 on, of at most so many digits. */
static bool
is_number(const char *s, size_t most)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && n <= most && s[n] == '\0' && s[0] != '0';
}

static bool
is_port(const char *s)
{
	return is_number(s, 5) && strtol(s, NULL, 10) <= 65535;
}

static bool
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static bool
is_site(const char *s)
{
	const char *host = strstr(s, "://");

	return (begins(s, "http://") || begins(s, "https://")) && host[3] != '\0' &&
	    host[3] != '/' && strpbrk(s, " ?#\\\"<>") == NULL;
}

static bool
is_mail(const char *s)
{
	return strcmp(s, "resend:") == 0 || (begins(s, "smtp://") && s[7] != '\0') ||
	    (begins(s, "smtps://") && s[8] != '\0') || (begins(s, "file:") && s[5] != '\0');
}

/* https, or this machine: a key must not travel in the open. */
static bool
is_api(const char *s)
{
	static const char *const near[] = { "http://127.0.0.1", "http://localhost",
		"http://[::1]" };

	if (!is_site(s) || strchr(s, '@') != NULL)
		return false;
	for (size_t i = 0; i < COUNT(near); i++)
		if (begins(s, near[i]) && strchr(":/", s[strlen(near[i])]) != NULL)
			return true;
	return begins(s, "https://");
}

static bool
is_api_key(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (s[i] <= 0x20 || s[i] >= 0x7f)
			return false;
	return n <= 200;
}

static bool
is_seconds(const char *s)
{
	return is_number(s, 4);
}

static bool
is_counted(const char *s)
{
	return is_number(s, 9);
}

static bool
is_place(const char *s)
{
	return s[0] == '/';
}

static bool
is_secret(const char *s)
{
	return strlen(s) >= TOKEN_KEY_MIN;
}

static bool
is_key_id(const char *s)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	return s[strspn(s, letters)] == '\0' && strlen(s) <= TOKEN_KID_MAX;
}

static bool
is_switch(const char *s)
{
	return strcmp(s, "on") == 0 || strcmp(s, "off") == 0;
}

static const struct {
	bool (*fits)(const char *);
	const char *must;
} kinds[] = {
	[PORT] = { is_port, "must be a number from 1 to 65535" },
	[SITE] = { is_site, "must begin with http:// or https:// and name a host" },
	[MAIL] = { is_mail, "must be resend:, smtp://..., smtps://... or file:FOLDER" },
	[API] = { is_api, "must begin with https:// and name a host, or be on this machine" },
	[API_KEY] = { is_api_key, "must be at most 200 characters without spaces" },
	[SECONDS] = { is_seconds, "must be a number from 1 to 9999" },
	[COUNTED] = { is_counted, "must be a number from 1 to 999999999" },
	[PLACE] = { is_place, "must be an absolute path" },
	[SECRET] = { is_secret, "must have at least 32 bytes" },
	[KEY_ID] = { is_key_id, "must be at most 64 letters, digits, dots, hyphens, underscores" },
	[HOOK] = { hook_is_secret, "must be whsec_ and base64 of 16 to 64 bytes" },
	[SWITCH] = { is_switch, "must be on or off" },
	[SCRIPTS] = { NULL, NULL },
};

/* Why value will not do, or NULL. */
static const char *
unfit(enum kind kind, const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return "must not hold control characters";
	if (kinds[kind].fits != NULL && !kinds[kind].fits(value))
		return kinds[kind].must;
	return NULL;
}

static bool
complain(const char *name, const char *why)
{
	log_line(LOG_ERROR, NULL, "settings: %s %s", name, why);
	return false;
}

/* ---- where they come from ---- */

static const char *
without_last_slash(const char *s)
{
	size_t n = strlen(s);

	while (n > 1 && s[n - 1] == '/')
		n--;
	return arena_ndup(&memory, s, n);
}

static const char *
absolute(const char *path)
{
	SCOPED(free) char *cwd = NULL;

	if (path[0] == '/')
		return path;
	cwd = getcwd(NULL, 0);
	return cwd != NULL ? arena_fmt(&memory, "%s/%s", cwd, path) : NULL;
}

/* var/ beside the folder build or build-san that the running program is in. */
static const char *
var_of_checkout(void)
{
	SCOPED(free) char *exe = realpath("/proc/self/exe", NULL);
	char *slash;

	while (exe != NULL && (slash = strrchr(exe, '/')) != NULL) {
		*slash = '\0';
		slash = strrchr(exe, '/');
		if (slash != NULL &&
		    (strcmp(slash, "/build") == 0 || strcmp(slash, "/build-san") == 0)) {
			*slash = '\0';
			return arena_fmt(&memory, "%s/var", exe);
		}
	}
	return NULL;
}

static const char *
find_var(void)
{
	const char *given = getenv("CARILLON_VAR");
	const char *var = given != NULL && given[0] != '\0' ? absolute(given) : var_of_checkout();

	return var != NULL ? without_last_slash(var) : NULL;
}

/* NAME=value, taken as it stands; an earlier line or the environment has set it already, or not. */
static void
read_line(const char *line, const char *value[])
{
	size_t n = strcspn(line, "=");

	for (size_t i = 0; line[n] == '=' && i < COUNT(settings); i++)
		if (value[i] == NULL && strlen(settings[i].name) == n &&
		    memcmp(settings[i].name, line, n) == 0)
			value[i] = arena_dup(&memory, line + n + 1);
}

static bool
read_file(const char *path, const char *value[])
{
	SCOPED(fclose) FILE *f = fopen(path, "re");
	SCOPED(free) char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (f == NULL)
		return errno == ENOENT || errno == ENOTDIR ||
		    complain("carillon.env:", strerror(errno));
	while ((n = getline(&line, &cap, f)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (line[0] != '#')
			read_line(line, value);
	}
	return !ferror(f) || complain("carillon.env", "could not be read");
}

/* ---- one struct of all ---- */

static bool
store(struct conf *c, const char *value[])
{
	for (size_t i = 0; i < COUNT(settings); i++) {
		const struct setting *s = &settings[i];
		const char *v = value[i] != NULL && value[i][0] != '\0' ? value[i] : s->standard;
		const char *why = v != NULL ? unfit(s->kind, v) : NULL;

		if (why != NULL)
			return complain(s->name, why);
		if (s->kind == SWITCH)
			*(bool *)((char *)c + s->at) = strcmp(v, "on") == 0;
		else if (s->kind == SECONDS)
			*(int64_t *)((char *)c + s->at) = strtol(v, NULL, 10) * 1000;
		else if (s->kind == COUNTED)
			*(int64_t *)((char *)c + s->at) = strtol(v, NULL, 10);
		else if (s->kind != SCRIPTS)
			*(const char **)((char *)c + s->at) = v;
	}
	return true;
}

/* What follows from the others; then what must be there. */
static bool
settle(struct conf *c)
{
	if (c->base_url == NULL)
		c->base_url = arena_fmt(&memory, "%s://127.0.0.1:%s",
		    c->tls_cert != NULL ? "https" : "http", c->port);
	c->base_url = without_last_slash(c->base_url);
	if (c->mail_url == NULL)
		c->mail_url = arena_fmt(&memory, "file:%s/mail", c->var);
	c->resend_url = without_last_slash(c->resend_url);
	if (c->web_database_url == NULL)
		c->web_database_url = c->database_url;
	if (c->worker_database_url == NULL)
		c->worker_database_url = c->database_url;
	c->keys.n = c->keys.key[1].secret != NULL ? 2 : 1;
	if (c->web_database_url == NULL || c->worker_database_url == NULL)
		return complain("CARILLON_DATABASE_URL", "is missing");
	if (c->keys.key[0].secret == NULL)
		return complain("CARILLON_JWT_SECRET", "is missing");
	if (c->keys.key[1].kid != NULL && c->keys.n == 1)
		return complain("CARILLON_JWT_KID_OLD",
		    "is of no use without CARILLON_JWT_SECRET_OLD");
	if ((c->tls_cert == NULL) != (c->tls_key == NULL))
		return complain("CARILLON_TLS_CERT and CARILLON_TLS_KEY", "only work together");
	return true;
}

const struct conf *
conf_load(void)
{
	const char *value[COUNT(settings)];
	struct conf *c;

	if (memory.limit == 0)
		arena_init(&memory, BYTES_MAX);
	c = arena_alloc(&memory, sizeof(*c));
	if ((c->var = find_var()) == NULL) {
		complain("CARILLON_VAR", "must be set for a program outside of build/");
		return NULL;
	}
	for (size_t i = 0; i < COUNT(settings); i++)
		value[i] = getenv(settings[i].name);
	if (!read_file(arena_fmt(&memory, "%s/carillon.env", c->var), value) || !store(c, value) ||
	    !settle(c))
		return NULL;
	return c;
}

void
conf_print(void)
{
	printf(
	    "Settings, from the environment or carillon.env in CARILLON_VAR (default: var/ of the checkout):\n");
	for (size_t i = 0; i < COUNT(settings); i++) {
		printf("  %-28s  %s", settings[i].name, settings[i].help);
		if (settings[i].standard != NULL)
			printf(" (%s)", settings[i].standard);
		printf("\n");
	}
}
