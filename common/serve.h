#ifndef SERVE_H
#define SERVE_H

#include "http.h"

/*
 * serve - the event loop of a FastCGI program; serve*.c alone know libfcgi.
 *
 * The listening socket is descriptor 0, as spawn-fcgi and systemd hand it over.
 * One epoll watches it, nginx's kept connections and the database: a turn reads
 * every request that has arrived whole, starts each in a fiber, and sends the
 * statements they wait for together.
 *
 * Serve table until SIGTERM; then finish what is under way and return the exit
 * status.  name is the family's, for logs.
 */
int serve(const char *name, const struct route *table);

#endif
