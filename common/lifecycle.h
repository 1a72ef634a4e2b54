#ifndef LIFECYCLE_H
#define LIFECYCLE_H

/*
 * lifecycle - the statuses of an experiment, and what leads from one to another
 * (contract section 8).  Pure; the tables are here and nowhere else.
 */

/*
 * The status that action leads to from status; NULL when it does not start there.
 * People: publish, pause, resume, stop, archive, schedule, cancel.  The clock: launch, end.
 */
const char *lifecycle_next(const char *status, const char *action);

enum lifecycle_edit {
	EDIT_NOTHING = 0, /* also of an unknown status */
	EDIT_WORDS,       /* name and hypothesis: it has begun, and results count on the rest */
	EDIT_ALL
};

enum lifecycle_edit lifecycle_edit(const char *status);

#endif
