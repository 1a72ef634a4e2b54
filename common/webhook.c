#include "webhook.h"

#include <string.h>

#include "address.h"
#include "json.h"
#include "moment.h"

static void
put(struct out *o, const char *key, const char *value)
{
	out_key(o, key);
	out_text(o, value);
}

/* "key": {kind?, id, name}, or null without an id. */
static void
put_thing(struct out *o, const char *key, const char *kind, const char *id, const char *name)
{
	out_key(o, key);
	if (id == NULL) {
		out_text(o, NULL);
		return;
	}
	out_open(o, '{');
	if (kind != NULL)
		put(o, "kind", kind);
	put(o, "id", id);
	put(o, "name", name);
	out_close(o, '}');
}

const char *
webhook_body(struct arena *a, const char *base_url, const struct notice *n, const char *at)
{
	struct out o;

	out_init(&o, a, 1024);
	out_open(&o, '{');
	put(&o, "type", n->type);
	out_key(&o, "timestamp");
	out_moment(&o, at);
	out_key(&o, "data");
	out_open(&o, '{');
	put(&o, "title", n->title);
	put(&o, "body", n->body);
	put(&o, "link", n->link != NULL ? arena_fmt(a, "%s%s", base_url, n->link) : NULL);
	put(&o, "team_id", n->team);
	put_thing(&o, "resource", n->resource_kind, n->resource_id, n->resource_name);
	put_thing(&o, "project", NULL, n->project_id, n->project_name);
	put_thing(&o, "environment", NULL, n->environment_id, n->environment_name);
	out_close(&o, '}');
	out_close(&o, '}');
	return arena_ndup(a, o.s, o.n);
}

/* ---- URLs ---- */

/* The host as it stands there, brackets included; *rest is what follows it. */
static const char *
host_of(struct arena *a, const char *url, const char **rest)
{
	const char *host = strstr(url, "://"), *end;
	size_t n;

	if (host == NULL)
		return NULL;
	host += 3;
	n = strcspn(host, ":/?");
	if (host[0] == '[') {
		if ((end = strchr(host, ']')) == NULL)
			return NULL;
		n = (size_t)(end - host) + 1;
	}
	*rest = host + n;
	return n > 0 ? arena_ndup(a, host, n) : NULL;
}

/* ":443" and what follows a port, or what follows a host without one. */
static bool
is_tail(const char *s)
{
	size_t n;

	if (*s == ':') {
		n = strspn(++s, "0123456789");
		if (n == 0 || n > 5 || strtol(s, NULL, 10) < 1 || strtol(s, NULL, 10) > 65535)
			return false;
		s += n;
	}
	return *s == '\0' || *s == '/' || *s == '?';
}

static bool
is_name(const char *host)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

	return host[strspn(host, allowed)] == '\0' && host[0] != '.' && host[0] != '-' &&
	    strchr(host, '.') != NULL && strstr(host, "..") == NULL && strlen(host) <= 253;
}

const char *
webhook_unfit(struct arena *a, const char *url, bool local)
{
	bool plain = strncmp(url, "http://", 7) == 0;
	unsigned char ip[16];
	const char *host, *rest;
	size_t n;

	if (strncmp(url, "https://", 8) != 0 && !(plain && local))
		return "url must begin with https://";
	for (const char *s = url; *s != '\0'; s++)
		if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7f ||
		    strchr("\\\"<>^`{|}", *s))
			return "url must be plain ASCII without spaces";
	if (strlen(url) > WEBHOOK_URL_MAX || strpbrk(url, "@#") != NULL ||
	    (host = host_of(a, url, &rest)) == NULL || !is_tail(rest))
		return "url must be https://host/path, without a user and a fragment";
	if ((n = address_literal(host, ip)) == 0)
		return is_name(host) || (local && strcmp(host, "localhost") == 0)
		    ? NULL
		    : "url must name a host of the public Internet";
	if (address_is_public(ip, n) || (local && address_is_loopback(ip, n)))
		return NULL;
	return "url must not lead into a private network";
}

const char *
webhook_host(struct arena *a, const char *url)
{
	const char *rest, *host = host_of(a, url, &rest);

	return host != NULL ? host : "";
}
