#ifndef TRIM_H
#define TRIM_H

/*
 * trim - give back the memory that nothing needs just now.
 *
 * libpq brings two dozen libraries with it (Kerberos, LDAP, TLS), and linking them reads
 * five megabytes of their pages that a worker never looks at again.  Pages of files that were
 * not written to come back from the page cache when they are needed after all.  What busy
 * times left free in the heap goes too.
 *
 * Takes a millisecond: call when everything is loaded, and when there is nothing to do.
 * Failure changes nothing.
 */
void trim_memory(void);

#endif
