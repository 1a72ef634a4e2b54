#ifndef CGI_ISSUES_H
#define CGI_ISSUES_H

#include "http.h"
#include "listing.h"

extern const char *const issue_statuses[]; /* ends with NULL */
extern const char *const issue_page_params[];

row_json_fn issue_json;

handler_fn take_event, list_issues, show_issue, change_issue, list_events;

#endif
