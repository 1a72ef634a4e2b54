/* common/lifecycle: every status with every action, and what may be edited (contract section 8). */
#include "lifecycle.h"

#include "t.h"

static const char *const actions[] = { "publish", "pause", "resume", "stop", "archive", "schedule",
	"cancel", "launch", "end" };

/* In the order of actions: the first letter of the status that follows, a dot where none does. */
static const struct {
	const char *status, *next;
	enum lifecycle_edit edit;
} statuses[] = {
	{ "DRAFT", "R....S...", EDIT_ALL },
	{ "SCHEDULED", "......DR.", EDIT_ALL },
	{ "RUNNING", ".P......P", EDIT_WORDS },
	{ "PAUSED", "..RC.....", EDIT_WORDS },
	{ "COMPLETED", "....A....", EDIT_WORDS },
	{ "ARCHIVED", ".........", EDIT_NOTHING },
	{ "draft", ".........", EDIT_NOTHING },
	{ "", ".........", EDIT_NOTHING },
};

static void
test_next(size_t s, size_t a)
{
	const char *next = lifecycle_next(statuses[s].status, actions[a]);
	bool known = false;

	T_OK((next != NULL ? *next : '.') == statuses[s].next[a], "%s, %s", statuses[s].status,
	    actions[a]);
	for (size_t i = 0; next != NULL && i < COUNT(statuses); i++)
		known = known || strcmp(statuses[i].status, next) == 0;
	T_OK(known || next == NULL, "%s is a status", next);
}

int
main(void)
{
	for (size_t s = 0; s < COUNT(statuses); s++) {
		for (size_t a = 0; a < COUNT(actions); a++)
			test_next(s, a);
		T_OK(lifecycle_next(statuses[s].status, "Publish") == NULL, "another action");
		T_OK(lifecycle_edit(statuses[s].status) == statuses[s].edit, "edit %s",
		    statuses[s].status);
	}
	return T_DONE("lifecycle");
}
