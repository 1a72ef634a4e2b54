#ifndef TRIM_H
#define TRIM_H

/*
 * trim - give back the memory that only starting up has touched.
 *
 * libpq brings two dozen libraries with it (Kerberos, LDAP, TLS), and linking them reads
 * five megabytes of their pages that a worker never looks at again.  Pages of files that were
 * not written to come back from the page cache when they are needed after all.
 *
 * Call once, when everything is loaded.  Failure changes nothing.
 */
void trim_startup(void);

#endif
