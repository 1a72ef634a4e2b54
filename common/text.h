#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

/*
 * text - what may be said of bytes from outside.  Pure: no state, no I/O.
 */

/* Strict UTF-8 (RFC 3629): no overlong form, no surrogate, nothing above
 * U+10FFFF, and no NUL. */
bool text_is_utf8(const char *s, size_t n);

bool text_is_ascii(const char *s, size_t n);

/* Bytes of the one character of such UTF-8 that starts at s, of which n bytes are
 * there; 0 when none does. */
size_t text_char(const char *s, size_t n);

/* Length in bytes of the longest prefix of s with at most max characters. */
size_t text_prefix(const char *s, size_t max);

/* Characters (code points) in valid UTF-8. */
size_t text_length(const char *s);

/* n bytes from outside made fit to show: every byte that is no part of a character
 * becomes "?". */
const char *text_clean(struct arena *a, const char *s, size_t n);

/* A uuid in any case; out gets it in lower case and is written only on true. */
#define UUID_LEN 36
bool text_uuid(const char *s, size_t n, char out[UUID_LEN + 1]);

/* One mailbox as local@domain, lower-cased into out; written only on true.  What a browser's
 * <input type=email> takes and mail servers too: ASCII, no white space, no double quotes,
 * no empty part between dots, at most 64 bytes before the @ and 254 in all. */
#define EMAIL_MAX 254
bool text_email(const char *s, size_t n, char out[EMAIL_MAX + 1]);

/* A same-origin path (contract section 5): starts with one slash, not two, holds no
 * backslash, no byte below 0x21, no 0x7f, no "..", and at most TEXT_LINK_MAX bytes. */
#define TEXT_LINK_MAX 2000
bool text_is_link(const char *s);

/*
 * One line for a mail header or a log: C0, DEL, C1 (U+0085 among them), U+2028, U+2029
 * and the bidirectional controls become a space each, bytes that are no UTF-8 a "?".
 */
const char *text_one_line(struct arena *a, const char *s);

/* s with & < > " ' escaped for HTML, text or attribute. */
const char *text_html(struct arena *a, const char *s);

/* "1 day", "2 days": of a noun that takes an s. */
const char *text_count(struct arena *a, int64_t n, const char *noun);

/*
 * The value of name in an application/x-www-form-urlencoded query string,
 * decoded, or NULL when it is absent or given twice (contract section 3).
 * *len gets its length: a decoded value may hold any byte, also NUL.  query may be NULL.
 */
const char *text_query(struct arena *a, const char *query, const char *name, size_t *len);

/*
 * Walk a query string: the next parameter's decoded name, cleaned, or NULL at the end.
 * *at starts as the query string (or NULL) and is moved on.
 */
const char *text_query_next(struct arena *a, const char **at);

/* The value of cookie name in a Cookie header, or NULL; given twice counts as
 * absent.  *len gets its length; the result points into header, which may be NULL. */
const char *text_cookie(const char *header, const char *name, size_t *len);

/* Whether token stands in a comma-separated header, parameters stripped, case
 * ignored: as in "Prefer: handling=strict, wait=5".  header may be NULL. */
bool text_has_token(const char *header, const char *token);

#endif
