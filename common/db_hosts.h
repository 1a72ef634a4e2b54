#ifndef DB_HOSTS_H
#define DB_HOSTS_H

#include <libpq-fe.h>

/*
 * db_hosts - connecting where the connection string names several hosts; inside db*.c only.
 *
 * libpq tries one after the other, but stays with the first that takes the connection and then says
 * nothing: a machine that is gone, a server that is frozen.  Whoever has waited long enough for it
 * begins with the next one.
 */

/* As PQconnectStart, but the first so many hosts come last. */
PGconn *hosts_connect(const char *url, unsigned first);
/* The place of the host behind this one, as PQhost and PQport name it; 0 where it is the last, or not there. */
unsigned hosts_after(const char *url, const char *host, const char *port);
/* A list with commas between, of which the first so many come last; owned by the caller. */
char *hosts_rotate(const char *list, unsigned first);

#endif
