#ifndef UNSUBSCRIBE_H
#define UNSUBSCRIBE_H

#include "http.h"

/* What the link in a mail leads to: see unsubscribe.c.  Both are routes of auth.c. */
handler_fn unsubscribe_show, unsubscribe_now;

#endif
