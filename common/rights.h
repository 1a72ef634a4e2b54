#ifndef RIGHTS_H
#define RIGHTS_H

#include <stdbool.h>

/*
 * rights - which role may do what (contract section 1).  Pure; the table is here and
 * nowhere else.
 */
enum right { /* 0 is invalid on purpose: nobody has it */
	RIGHT_VIEW = 1,
	RIGHT_EDIT,    /* create, edit */
	RIGHT_PUBLISH, /* publish, pause, schedule, toggle */
	RIGHT_MANAGE   /* the team itself: settings, members, keys */
};

extern const char *const role_names[]; /* ends with NULL */

/* Whether a member with this role has the right; an unknown role or NULL has none. */
bool rights_allow(const char *role, enum right right);

enum rights_verdict { RIGHTS_OK = 0, RIGHTS_FORBIDDEN, RIGHTS_LAST_OWNER };

/*
 * May a caller with this role turn a member from old to new?  old NULL adds one, new
 * NULL removes one; owners is how many the team has now.
 */
enum rights_verdict rights_change(const char *caller, const char *old, const char *new,
    long owners);

#endif
