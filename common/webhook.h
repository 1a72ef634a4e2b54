#ifndef WEBHOOK_H
#define WEBHOOK_H

#include <stdbool.h>

#include "notify.h"

/*
 * webhook - the channel to an address of the user's own: what is sent there, and which
 * addresses will do.  Pure.
 */
#define WEBHOOK_URL_MAX 2000

/*
 * The body of Standard Webhooks, {"type","timestamp","data":{…}}, as JSON.
 *   base_url  makes the link absolute
 *   at        PostgreSQL's text of when it was made; NULL: that comes to it later
 * data says what the inbox row says, notification_id comes to it when that is known.
 */
const char *webhook_body(struct arena *a, const char *base_url, const struct notice *n,
    const char *at);

/*
 * What stands against a URL before anybody has resolved its name; NULL: nothing.
 *   local  http and loopback addresses will do: for tests
 */
const char *webhook_unfit(struct arena *a, const char *url, bool local);

/* The host of such a URL, without port: what others than its owner may see of it. */
const char *webhook_host(struct arena *a, const char *url);

#endif
