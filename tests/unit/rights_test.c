/* rights_test - every role with every right, and every change of a role (contract section 1). */
#include <stddef.h>

#include "rights.h"
#include "t.h"

/* view, edit, publish, manage */
static const struct {
	const char *role, *may;
} rights[] = {
	{ "owner", "1111" },
	{ "admin", "1111" },
	{ "developer", "1110" },
	{ "collaborator", "1100" },
	{ "viewer", "1000" },
	{ "Owner", "0000" },
	{ "own", "0000" },
	{ "", "0000" },
	{ NULL, "0000" },
};

static void
test_allow(void)
{
	for (size_t i = 0; i < COUNT(rights); i++) {
		const char *role = rights[i].role != NULL ? rights[i].role : "(null)";

		for (int r = RIGHT_VIEW; r <= RIGHT_MANAGE; r++)
			T_OK(rights_allow(rights[i].role, (enum right)r) ==
				(rights[i].may[r - RIGHT_VIEW] == '1'),
			    "%s, right %d", role, r);
		T_OK(!rights_allow(rights[i].role, (enum right)0), "%s, no right named", role);
	}
}

/* old NULL adds, new NULL removes */
static const struct {
	const char *caller, *old, *new;
	long owners;
	enum rights_verdict want;
} changes[] = {
	{ "owner", NULL, "owner", 1, RIGHTS_OK },
	{ "owner", NULL, "viewer", 1, RIGHTS_OK },
	{ "owner", "owner", "owner", 1, RIGHTS_OK },
	{ "owner", "owner", "admin", 2, RIGHTS_OK },
	{ "owner", "owner", "admin", 1, RIGHTS_LAST_OWNER },
	{ "owner", "owner", NULL, 2, RIGHTS_OK },
	{ "owner", "owner", NULL, 1, RIGHTS_LAST_OWNER },
	{ "owner", "viewer", "owner", 1, RIGHTS_OK },
	{ "owner", "viewer", NULL, 1, RIGHTS_OK },
	{ "admin", NULL, "owner", 1, RIGHTS_FORBIDDEN },
	{ "admin", NULL, "admin", 1, RIGHTS_OK },
	{ "admin", "owner", "admin", 2, RIGHTS_FORBIDDEN },
	{ "admin", "owner", "owner", 2, RIGHTS_FORBIDDEN },
	{ "admin", "owner", NULL, 1, RIGHTS_FORBIDDEN },
	{ "admin", "viewer", "owner", 1, RIGHTS_FORBIDDEN },
	{ "admin", "admin", "viewer", 1, RIGHTS_OK },
	{ "admin", "viewer", NULL, 1, RIGHTS_OK },
	{ "developer", NULL, "viewer", 1, RIGHTS_FORBIDDEN },
	{ "developer", "viewer", NULL, 1, RIGHTS_FORBIDDEN },
	{ "viewer", "viewer", NULL, 1, RIGHTS_FORBIDDEN },
	{ "viewer", "viewer", "owner", 1, RIGHTS_FORBIDDEN },
	{ NULL, "viewer", NULL, 1, RIGHTS_FORBIDDEN },
};

static void
test_change(void)
{
	for (size_t i = 0; i < COUNT(changes); i++)
		T_OK(rights_change(changes[i].caller, changes[i].old, changes[i].new,
			 changes[i].owners) == changes[i].want,
		    "row %zu", i);
}

int
main(void)
{
	test_allow();
	test_change();
	return T_DONE("rights");
}
