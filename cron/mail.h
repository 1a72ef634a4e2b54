#ifndef MAIL_H
#define MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "scope.h"

/*
 * mail - one delivery as an Internet message (RFC 5322, 2045, 2047).
 *
 * Pure: the same letter always gives the same bytes, on every try and every machine.  No field can
 * add a header line, a part or a recipient, whatever it holds.
 */
struct mail_sender {
	const char *name; /* for people; NULL when there is none */
	const char *address;
};

struct mail_header {
	const char *name, *value;
};
#define MAIL_HEADERS_MAX 8

struct letter {
	const char *id; /* of the delivery, a uuid: names the message everywhere */
	const struct mail_sender *from;
	const char *to; /* an address, see mail_is_fit() */
	const char *subject, *text;
	const char *html;                             /* NULL: made from text */
	const char *host;                             /* what the Message-ID ends in */
	int64_t created;                              /* seconds since 1970: the Date */
	struct mail_header headers[MAIL_HEADERS_MAX]; /* from mail_headers_read() */
	size_t nheaders;
	bool seven_bit;      /* for a way that may not carry more */
	const char *payload; /* of what is no mail: JSON, to be sent as it is */
};

/* local@domain, of characters that mean nothing else in a header; a is for scratch. */
bool mail_is_address(struct arena *a, const char *s);

/* Whether l is a mail to one address, with subject and text; a is for scratch. */
bool mail_is_fit(struct arena *a, const struct letter *l);

/* Read "Name <local@domain>", "\"Name\" <…>" or "local@domain".  out is written only on true. */
bool mail_sender_read(struct arena *a, const char *s, struct mail_sender *out) MUST_CHECK;

/* The host of an http(s) URL, without port; "localhost" when it has none that may be used. */
const char *mail_host(struct arena *a, const char *url);

/*
 * Headers of l beyond those that every message has: those of json ({"Name":"value"}, NULL: none)
 * that are on a list of ours and whose value is one line of ASCII, in the order of the list, and
 * Auto-Submitted always.  The others are left out.
 */
void mail_headers_read(struct arena *a, const char *json, struct letter *l);

/*
 * The whole message with CRLF line ends, no line longer than 998 bytes.
 *   a  holds the result
 *   n  receives its length
 */
const char *mail_message(struct arena *a, const struct letter *l, size_t *n);

#endif
