#include "lifecycle.h"

#include <string.h>

#include "scope.h"

static const struct {
	const char *from, *action, *to;
} moves[] = {
	{ "DRAFT", "publish", "RUNNING" },
	{ "DRAFT", "schedule", "SCHEDULED" },
	{ "SCHEDULED", "launch", "RUNNING" },
	{ "SCHEDULED", "cancel", "DRAFT" },
	{ "RUNNING", "pause", "PAUSED" },
	{ "RUNNING", "end", "PAUSED" },
	{ "PAUSED", "resume", "RUNNING" },
	{ "PAUSED", "stop", "COMPLETED" },
	{ "COMPLETED", "archive", "ARCHIVED" },
};

const char *
lifecycle_next(const char *status, const char *action)
{
	for (size_t i = 0; i < COUNT(moves); i++)
		if (strcmp(moves[i].from, status) == 0 && strcmp(moves[i].action, action) == 0)
			return moves[i].to;
	return NULL;
}

static const struct {
	const char *status;
	enum lifecycle_edit edit;
} edits[] = {
	{ "DRAFT", EDIT_ALL },
	{ "SCHEDULED", EDIT_ALL },
	{ "RUNNING", EDIT_WORDS },
	{ "PAUSED", EDIT_WORDS },
	{ "COMPLETED", EDIT_WORDS },
	{ "ARCHIVED", EDIT_NOTHING },
};

enum lifecycle_edit
lifecycle_edit(const char *status)
{
	for (size_t i = 0; i < COUNT(edits); i++)
		if (strcmp(edits[i].status, status) == 0)
			return edits[i].edit;
	return EDIT_NOTHING;
}
