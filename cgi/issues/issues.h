#ifndef CGI_ISSUES_H
#define CGI_ISSUES_H

#include "http.h"
#include "listing.h"

/* A row as the public object. */
row_json_fn issue_json;

handler_fn take_event; /* events.c; the other handlers are in issues.c, beside the routes */

#endif
