#include "db_hosts.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "scope.h"

#define OPTIONS_MAX 64 /* libpq 15 knows 41 */

static unsigned
count(const char *list)
{
	unsigned n = 1;

	for (; (list = strchr(list, ',')) != NULL; list++)
		n++;
	return n;
}

char *
hosts_rotate(const char *list, unsigned first)
{
	size_t len = strlen(list), head;
	char *to = malloc(len + 1);
	const char *from = list;

	for (first %= count(list); first > 0; first--)
		from = strchr(from, ',') + 1;
	head = (size_t)(from - list);
	memcpy(to, from, len - head);
	if (head > 0) {
		to[len - head] = ',';
		memcpy(to + len - head + 1, list, head - 1);
	}
	to[len] = '\0';
	return to;
}

/* Hosts, their addresses and their ports are lists side by side; one port may be that of all. */
static void
rotate(PQconninfoOption *options, unsigned first)
{
	static const char *const lists[] = { "host", "hostaddr", "port" };

	for (PQconninfoOption *o = options; o->keyword != NULL; o++)
		for (size_t i = 0; i < COUNT(lists) && o->val != NULL; i++)
			if (strcmp(o->keyword, lists[i]) == 0) {
				char *rotated = hosts_rotate(o->val, first);

				free(o->val);
				o->val = rotated;
			}
}

static const char *
value(const PQconninfoOption *options, const char *keyword)
{
	for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
		if (strcmp(o->keyword, keyword) == 0)
			return o->val;
	return NULL;
}

static bool
is_nth(const char *list, unsigned n, const char *text)
{
	size_t len;

	for (; n > 0; n--)
		list = strchr(list, ',') + 1;
	len = strcspn(list, ",");
	return strlen(text) == len && memcmp(list, text, len) == 0;
}

unsigned
hosts_after(const char *url, const char *host, const char *port)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	const char *hosts = value(options, "host"), *ports = value(options, "port");
	unsigned n = 0, after = 0;

	if (hosts == NULL)
		hosts = value(options, "hostaddr");
	if (hosts != NULL)
		n = count(hosts);
	if (ports != NULL && count(ports) != n)
		ports = NULL; /* one for all */
	for (unsigned i = 0; i < n; i++)
		if (is_nth(hosts, i, host) && (ports == NULL || is_nth(ports, i, port)))
			after = (i + 1) % n;
	PQconninfoFree(options);
	return after;
}

PGconn *
hosts_connect(const char *url, unsigned first)
{
	const char *names[OPTIONS_MAX + 1] = { NULL }, *values[OPTIONS_MAX + 1];
	PQconninfoOption *options = first > 0 ? PQconninfoParse(url, NULL) : NULL;
	PGconn *pg;
	size_t n = 0;

	if (options == NULL)
		return PQconnectStart(url);
	rotate(options, first);
	for (PQconninfoOption *o = options; o->keyword != NULL && n < OPTIONS_MAX; o++)
		if (o->val != NULL) {
			names[n] = o->keyword;
			values[n++] = o->val;
		}
	pg = PQconnectStartParams(names, values, 0);
	PQconninfoFree(options);
	return pg;
}
