/* db_hosts_test - which host of a connection string is tried first. */
#include <stddef.h>
#include <stdlib.h>

#include "db_hosts.h"
#include "t.h"

static const struct {
	const char *list;
	unsigned first;
	const char *want;
} rows[] = {
	{ "", 0, "" },
	{ "", 3, "" },
	{ "a", 1, "a" },
	{ "a,b", 0, "a,b" },
	{ "a,b", 1, "b,a" },
	{ "a,b", 2, "a,b" },
	{ "a,b", 4294967295U, "b,a" },
	{ "one,two,three", 1, "two,three,one" },
	{ "one,two,three", 2, "three,one,two" },
	{ "5432", 7, "5432" },
	{ ",b,", 1, "b,," },
	{ ",,c", 2, "c,," },
};

static const struct {
	const char *url, *host, *port;
	unsigned want;
} afters[] = {
	{ "host=a,b,c", "a", "5432", 1 },
	{ "host=a,b,c", "b", "5432", 2 },
	{ "host=a,b,c", "c", "5432", 0 },
	{ "host=a,b,c", "d", "5432", 0 },
	{ "host=a,b,c", "", "", 0 },
	{ "host=ab,a", "a", "5432", 0 },
	{ "host=a,ab", "a", "5432", 1 },
	{ "host=a,a,a port=1,2,3", "a", "2", 2 },
	{ "host=a,b port=1", "a", "1", 1 },
	{ "hostaddr=127.0.0.1,127.0.0.2", "127.0.0.1", "5432", 1 },
	{ "postgresql://a:1,b:2/x", "a", "1", 1 },
	{ "host=a", "a", "5432", 0 },
	{ "dbname=x", "/run", "5432", 0 },
	{ "no = connection", "a", "1", 0 },
};

/* What a connection that begins with the second host knows of both. */
static void
test_connect(const char *url)
{
	PGconn *pg = hosts_connect(url, 1);
	PQconninfoOption *options = PQconninfo(pg);

	for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++) {
		if (strcmp(o->keyword, "host") == 0)
			T_SAME(o->val, "/nowhere/b,/nowhere/a", url);
		if (strcmp(o->keyword, "port") == 0)
			T_SAME(o->val, "2,1", url);
		if (strcmp(o->keyword, "dbname") == 0)
			T_SAME(o->val, "x", url);
	}
	PQconninfoFree(options);
	PQfinish(pg);
}

int
main(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *got = hosts_rotate(rows[i].list, rows[i].first);

		T_SAME(got, rows[i].want, rows[i].list);
		free(got);
	}
	for (size_t i = 0; i < COUNT(afters); i++) {
		unsigned got = hosts_after(afters[i].url, afters[i].host, afters[i].port);

		T_OK(got == afters[i].want, "%s %s: %u", afters[i].url, afters[i].host, got);
	}
	test_connect("host=/nowhere/a,/nowhere/b port=1,2 dbname=x");
	test_connect("postgresql:///x?host=/nowhere/a,/nowhere/b&port=1,2");
	return T_DONE("db_hosts");
}
