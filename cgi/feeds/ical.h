#ifndef ICAL_H
#define ICAL_H

#include "json.h"

/*
 * ical - iCalendar (RFC 5545) that is well-formed whatever text is put in.  Pure.
 *
 * Names are ours; text is any UTF-8.  Lines end with CR LF and are folded at 75 bytes, between
 * characters.  A control character other than a tab or a line end becomes U+FFFD.
 */
void ical_begin(struct out *o, const char *component);
void ical_end(struct out *o, const char *component);
void ical_text(struct out *o, const char *name, const char *text);
void ical_texts(struct out *o, const char *name, const char *const texts[]); /* NULL ends it */

/* Of another type than TEXT: as it is, but for control characters; name may have parameters. */
void ical_raw(struct out *o, const char *name, const char *value);

/* PostgreSQL's text of a timestamptz(3) in UTC, without the milliseconds. */
void ical_moment(struct out *o, const char *name, const char *pg);

#endif
