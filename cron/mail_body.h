#ifndef MAIL_BODY_H
#define MAIL_BODY_H

#include "json.h"

/*
 * mail_body - the parts of a message; for cron/mail.c.
 */

/* Add one part, text/<subtype>: as it is when its lines are short enough, and it is ASCII or need
 * not be, else quoted-printable.  No part can hold the boundary. */
void mail_part(struct out *o, struct arena *a, const char *subtype, const char *text,
    const char *boundary, bool seven_bit);

/* An HTML page that shows text as it is. */
const char *mail_html(struct arena *a, const char *text);

#endif
