#include "rights.h"

#include <stddef.h>
#include <string.h>

#include "scope.h"

const char *const role_names[] = { "owner", "admin", "developer", "collaborator", "viewer", NULL };

#define BIT(right) (1u << (right))

/* In the order of role_names. */
static const unsigned table[] = {
	BIT(RIGHT_VIEW) | BIT(RIGHT_EDIT) | BIT(RIGHT_PUBLISH) | BIT(RIGHT_MANAGE),
	BIT(RIGHT_VIEW) | BIT(RIGHT_EDIT) | BIT(RIGHT_PUBLISH) | BIT(RIGHT_MANAGE),
	BIT(RIGHT_VIEW) | BIT(RIGHT_EDIT) | BIT(RIGHT_PUBLISH),
	BIT(RIGHT_VIEW) | BIT(RIGHT_EDIT),
	BIT(RIGHT_VIEW),
};
_Static_assert(COUNT(table) + 1 == COUNT(role_names), "a row for each role");

bool
rights_allow(const char *role, enum right right)
{
	for (size_t i = 0; role != NULL && i < COUNT(table); i++)
		if (strcmp(role_names[i], role) == 0)
			return right >= RIGHT_VIEW && (table[i] & BIT(right)) != 0;
	return false;
}

static bool
is_owner(const char *role)
{
	return role != NULL && strcmp(role, "owner") == 0;
}

enum rights_verdict
rights_change(const char *caller, const char *old, const char *new, long owners)
{
	if (!rights_allow(caller, RIGHT_MANAGE) ||
	    ((is_owner(old) || is_owner(new)) && !is_owner(caller)))
		return RIGHTS_FORBIDDEN;
	if (is_owner(old) && !is_owner(new) && owners <= 1)
		return RIGHTS_LAST_OWNER;
	return RIGHTS_OK;
}
