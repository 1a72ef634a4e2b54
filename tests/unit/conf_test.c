/* common/conf: environment before file before default; what is refused, and that no value shows. */
#include "conf.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t.h"

#define SECRET "CARILLON_JWT_SECRET=0123456789abcdef0123456789abcdef"
#define DB     "CARILLON_DATABASE_URL=host='*' dbname=carillon"
#define OLD    "CARILLON_JWT_SECRET_OLD=fedcba9876543210fedcba9876543210"

static char dir[] = "/tmp/conf_test.XXXXXX";
static char said[4096]; /* on stderr by the last load() */

/* Rows are "NAME=value" lines of the environment and of the file. */
struct row {
	const char *what, *env, *file;
	const char *complains; /* about this name; NULL: it loads */
};

static const struct row rows[] = {
	{ "least", "", SECRET "\n" DB "\n", NULL },
	{ "no last newline", "", SECRET "\n" DB, NULL },
	{ "comments and blank lines", "",
	    "# x\n\n" SECRET "\n#" DB "\n" DB "\nsomething else\n=x\n", NULL },
	{ "all from the environment", SECRET "\n" DB, NULL, NULL },
	{ "no database", "", SECRET "\n", "CARILLON_DATABASE_URL" },
	{ "only one of two databases", "", SECRET "\nCARILLON_WEB_DATABASE_URL=x\n",
	    "CARILLON_DATABASE_URL" },
	{ "two of two databases", "",
	    SECRET "\nCARILLON_WEB_DATABASE_URL=x\nCARILLON_WORKER_DATABASE_URL=y\n", NULL },
	{ "no secret", "", DB "\n", "CARILLON_JWT_SECRET" },
	{ "empty secret", "", DB "\nCARILLON_JWT_SECRET=\n", "CARILLON_JWT_SECRET" },
	{ "31 bytes", "", DB "\nCARILLON_JWT_SECRET=hidden6789abcdef0123456789abcde\n",
	    "CARILLON_JWT_SECRET" },
	{ "the environment wins", "CARILLON_JWT_SECRET=hidden", SECRET "\n" DB "\n",
	    "CARILLON_JWT_SECRET" },
	{ "even when it is empty", "CARILLON_JWT_SECRET=", SECRET "\n" DB "\n",
	    "CARILLON_JWT_SECRET" },
	{ "short old secret", "CARILLON_JWT_SECRET_OLD=hidden", SECRET "\n" DB,
	    "CARILLON_JWT_SECRET_OLD" },
	{ "old name without key", "CARILLON_JWT_KID_OLD=hidden", SECRET "\n" DB,
	    "CARILLON_JWT_KID_OLD" },
	{ "old key", OLD "\nCARILLON_JWT_KID_OLD=a", SECRET "\n" DB, NULL },
	{ "quote in a name", "CARILLON_JWT_KID=hid\"den", SECRET "\n" DB, "CARILLON_JWT_KID" },
	{ "64 in a name",
	    "CARILLON_JWT_KID=1234567890123456789012345678901234567890123456789012345678901234",
	    SECRET "\n" DB, NULL },
	{ "65 in a name",
	    "CARILLON_JWT_KID=12345678901234567890123456789012345678901234567890123456789012345",
	    SECRET "\n" DB, "CARILLON_JWT_KID" },
	{ "port 0", "CARILLON_PORT=0", SECRET "\n" DB, "CARILLON_PORT" },
	{ "port 65536", "CARILLON_PORT=65536", SECRET "\n" DB, "CARILLON_PORT" },
	{ "port 65535", "CARILLON_PORT=65535", SECRET "\n" DB, NULL },
	{ "port with a space", "CARILLON_PORT= 80", SECRET "\n" DB, "CARILLON_PORT" },
	{ "port -1", "CARILLON_PORT=-1", SECRET "\n" DB, "CARILLON_PORT" },
	{ "base without scheme", "CARILLON_BASE_URL=hidden.example", SECRET "\n" DB,
	    "CARILLON_BASE_URL" },
	{ "base without host", "CARILLON_BASE_URL=http://", SECRET "\n" DB, "CARILLON_BASE_URL" },
	{ "base without host but a path", "CARILLON_BASE_URL=https:///hidden", SECRET "\n" DB,
	    "CARILLON_BASE_URL" },
	{ "base with a query", "CARILLON_BASE_URL=https://a.example/?hidden", SECRET "\n" DB,
	    "CARILLON_BASE_URL" },
	{ "base with another scheme", "CARILLON_BASE_URL=javascript://hidden", SECRET "\n" DB,
	    "CARILLON_BASE_URL" },
	{ "mail nowhere", "CARILLON_MAIL_URL=hidden", SECRET "\n" DB, "CARILLON_MAIL_URL" },
	{ "mail in no folder", "CARILLON_MAIL_URL=file:", SECRET "\n" DB, "CARILLON_MAIL_URL" },
	{ "mail by resend", "CARILLON_MAIL_URL=resend:", SECRET "\n" DB, NULL },
	{ "mail by smtp", "CARILLON_MAIL_URL=smtp://localhost:25", SECRET "\n" DB, NULL },
	{ "mail by smtps", "CARILLON_MAIL_URL=smtps://u:p@a.example", SECRET "\n" DB, NULL },
	{ "a webhook's secret",
	    "CARILLON_RESEND_WEBHOOK_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", SECRET "\n" DB,
	    NULL },
	{ "no webhook's secret", "CARILLON_RESEND_WEBHOOK_SECRET=hidden", SECRET "\n" DB,
	    "CARILLON_RESEND_WEBHOOK_SECRET" },
	{ "a key for Resend", "RESEND_API_KEY=re_123", SECRET "\n" DB, NULL },
	{ "a key in two lines", "RESEND_API_KEY=hidden x", SECRET "\n" DB, "RESEND_API_KEY" },
	{ "Resend elsewhere", "RESEND_API_URL=https://a.example/x/", SECRET "\n" DB, NULL },
	{ "Resend here", "RESEND_API_URL=http://127.0.0.1:8081", SECRET "\n" DB, NULL },
	{ "Resend here too", "RESEND_API_URL=http://[::1]:8081", SECRET "\n" DB, NULL },
	{ "Resend in the open", "RESEND_API_URL=http://hidden.example", SECRET "\n" DB,
	    "RESEND_API_URL" },
	{ "Resend almost here", "RESEND_API_URL=http://127.0.0.1.hidden.example", SECRET "\n" DB,
	    "RESEND_API_URL" },
	{ "Resend as somebody", "RESEND_API_URL=http://localhost:x@hidden.example", SECRET "\n" DB,
	    "RESEND_API_URL" },
	{ "an authority", "CARILLON_CA_FILE=/etc/ca.pem", SECRET "\n" DB, NULL },
	{ "an authority somewhere", "CARILLON_CA_FILE=hidden.pem", SECRET "\n" DB,
	    "CARILLON_CA_FILE" },
	{ "a lease", "CARILLON_LEASE_SECONDS=1", SECRET "\n" DB, NULL },
	{ "no lease", "CARILLON_LEASE_SECONDS=0", SECRET "\n" DB, "CARILLON_LEASE_SECONDS" },
	{ "a lease for ever", "CARILLON_LEASE_SECONDS=hidden", SECRET "\n" DB,
	    "CARILLON_LEASE_SECONDS" },
	{ "sender with a tab", "CARILLON_MAIL_FROM=a\tb", SECRET "\n" DB, "CARILLON_MAIL_FROM" },
	{ "carriage return in the file", "", SECRET "\r\n" DB "\r\n", "CARILLON_DATABASE_URL" },
	{ "neither on nor off", "CARILLON_PREPARE=hidden", SECRET "\n" DB, "CARILLON_PREPARE" },
	{ "certificate without key", "CARILLON_TLS_CERT=hidden", SECRET "\n" DB,
	    "CARILLON_TLS_CERT" },
	{ "key without certificate", "CARILLON_TLS_KEY=hidden", SECRET "\n" DB,
	    "CARILLON_TLS_KEY" },
};

static void
write_file(const char *text)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/carillon.env", dir);
	unlink(path);
	if (text == NULL)
		return;
	if ((f = fopen(path, "w")) == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static void
set_environment(const char *lines)
{
	char copy[1024], *rest = copy, *line, *equals;

	clearenv();
	setenv("CARILLON_VAR", dir, 1);
	snprintf(copy, sizeof(copy), "%s", lines);
	while ((line = strsep(&rest, "\n")) != NULL)
		if ((equals = strchr(line, '=')) != NULL) {
			*equals = '\0';
			setenv(line, equals + 1, 1);
		}
}

static const struct conf *
load(const char *env, const char *file)
{
	int saved = dup(2), ends[2];
	const struct conf *c;
	ssize_t n;

	write_file(file);
	set_environment(env);
	if (saved < 0 || pipe(ends) != 0 || dup2(ends[1], 2) < 0)
		abort();
	c = conf_load();
	dup2(saved, 2);
	close(saved);
	close(ends[1]);
	n = read(ends[0], said, sizeof(said) - 1);
	said[n > 0 ? n : 0] = '\0';
	close(ends[0]);
	return c;
}

static void
test_rows(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];
		const struct conf *c = load(r->env, r->file);

		T_OK((c != NULL) == (r->complains == NULL), "%s: %s", r->what, said);
		T_OK(r->complains != NULL ? strstr(said, r->complains) != NULL : said[0] == '\0',
		    "%s: %s", r->what, said);
		T_OK(strstr(said, "hidden") == NULL, "%s: a value shows: %s", r->what, said);
	}
}

static void
test_defaults(void)
{
	const struct conf *c = load("", SECRET "\n" DB "\n");
	char mail[64];

	T_OK(c != NULL, "%s", said);
	if (c == NULL)
		return;
	snprintf(mail, sizeof(mail), "file:%s/mail", dir);
	T_SAME(c->var, dir, "var");
	T_SAME(c->port, "8080", "port");
	T_SAME(c->base_url, "http://127.0.0.1:8080", "base");
	T_SAME(c->database_url, "host='*' dbname=carillon", "value with = and quotes");
	T_SAME(c->web_database_url, c->database_url, "web");
	T_SAME(c->worker_database_url, c->database_url, "worker");
	T_SAME(c->mail_url, mail, "mail");
	T_SAME(c->mail_from, "Carillon <carillon@localhost>", "from");
	T_OK(c->prepare && c->tls_cert == NULL && c->tls_key == NULL, "others");
	T_OK(c->keys.n == 1 && c->keys.key[0].kid == NULL, "keys");
	T_SAME(c->keys.key[0].secret, strchr(SECRET, '=') + 1, "secret");
}

static void
test_given(void)
{
	const struct conf *c = load("CARILLON_PORT=9000\nCARILLON_JWT_KID=b\nCARILLON_PREPARE=off\n"
				    "CARILLON_TLS_CERT=c\nCARILLON_TLS_KEY=k",
	    SECRET
	    "\n" DB
	    "\nCARILLON_PORT=1\nCARILLON_WEB_DATABASE_URL=web\nCARILLON_WEB_DATABASE_URL=2\n" OLD);

	T_OK(c != NULL, "%s", said);
	if (c == NULL)
		return;
	T_SAME(c->port, "9000", "the environment beats the file");
	T_SAME(c->base_url, "https://127.0.0.1:9000", "base follows port and TLS");
	T_SAME(c->web_database_url, "web", "the first line counts");
	T_OK(!c->prepare && c->keys.n == 2, "others");
	T_SAME(c->keys.key[0].kid, "b", "kid");
	T_SAME(c->keys.key[1].secret, strchr(OLD, '=') + 1, "old secret");
	c = load("CARILLON_BASE_URL=https://a.example/x//", SECRET "\n" DB);
	T_SAME(c != NULL ? c->base_url : NULL, "https://a.example/x", "no trailing slash");
}

static void
test_var(void)
{
	const struct conf *c;
	char given[64];

	snprintf(given, sizeof(given), "CARILLON_VAR=%s//", dir);
	c = load(given, SECRET "\n" DB);
	T_SAME(c != NULL ? c->var : NULL, dir, "no trailing slash");
	if (chdir("/tmp") != 0)
		abort();
	snprintf(given, sizeof(given), "CARILLON_VAR=%s", dir + strlen("/tmp/"));
	c = load(given, SECRET "\n" DB);
	T_SAME(c != NULL ? c->var : NULL, dir, "made absolute");
}

/* Run a copy of this program at path with --var; out gets what it says. */
static void
run_copy(const char *path, char out[], size_t size)
{
	int from = open("/proc/self/exe", O_RDONLY), to = open(path, O_WRONLY | O_CREAT, 0700),
	    ends[2];
	ssize_t n;
	pid_t pid;

	while ((n = sendfile(to, from, NULL, 1 << 26)) > 0)
		;
	close(from);
	close(to);
	if (n < 0 || pipe(ends) != 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		dup2(ends[1], 1);
		execl(path, path, "--var", (char *)NULL);
		_exit(2);
	}
	close(ends[1]);
	n = read(ends[0], out, size - 1);
	out[n > 0 ? n : 0] = '\0';
	close(ends[0]);
	waitpid(pid, NULL, 0);
	unlink(path);
}

/* Without CARILLON_VAR: beside the nearest build/ or build-san/ that the program is in. */
static void
test_var_of_checkout(void)
{
	static const char *const folders[] = { "build", "build/src", "build/src/build-san",
		"build/src/build-san/cgi" };
	char path[128], got[256];

	set_environment("CARILLON_VAR=\n" SECRET "\n" DB);
	for (size_t i = 0; i < COUNT(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, folders[i]);
		mkdir(path, 0700);
	}
	snprintf(path, sizeof(path), "%s/build/src/program", dir);
	run_copy(path, got, sizeof(got));
	snprintf(path, sizeof(path), "%s/var", dir);
	T_SAME(got, path, "in build/src");
	snprintf(path, sizeof(path), "%s/build/src/build-san/cgi/program", dir);
	run_copy(path, got, sizeof(got));
	snprintf(path, sizeof(path), "%s/build/src/var", dir);
	T_SAME(got, path, "in build-san/cgi of a checkout under build/src");
	for (size_t i = COUNT(folders); i-- > 0;) {
		snprintf(path, sizeof(path), "%s/%s", dir, folders[i]);
		rmdir(path);
	}
}

/* A file that is there and cannot be read is not the same as none. */
static void
test_unreadable(void)
{
	char path[64];

	write_file(NULL);
	snprintf(path, sizeof(path), "%s/carillon.env", dir);
	mkdir(path, 0700);
	T_OK(load(SECRET "\n" DB, NULL) == NULL && strstr(said, "carillon.env") != NULL, "%s",
	    said);
	rmdir(path);
}

int
main(int argc, char *argv[])
{
	if (argc == 2 && strcmp(argv[1], "--var") == 0) {
		const struct conf *c = conf_load();

		printf("%s", c != NULL ? c->var : "nothing");
		return 0;
	}
	if (mkdtemp(dir) == NULL)
		return 2;
	test_rows();
	test_defaults();
	test_given();
	test_var();
	test_var_of_checkout();
	test_unreadable();
	write_file(NULL);
	rmdir(dir);
	return T_DONE("conf");
}
