#ifndef ISSUE_H
#define ISSUE_H

#include "arena.h"
#include "conf.h"
#include "db.h"

/*
 * issue - telling a team of its issues: by who takes an event in, and by cron for what that left.
 *
 * That an issue is untold is written with its event; the notices are made, and count up while they
 * are unread, in the transaction that takes this mark away.  So none is lost, and a flood of one
 * issue is one notice to each member.  A flood of different ones is a hundred an hour, and one more
 * that counts the rest: the list that it leads to has them all.
 */

/* Tell the team what it does not know of issue id; DB_NONE: that was nothing. */
enum db_status issue_tell(struct db *db, struct arena *a, const struct conf *conf,
    const char *id) MUST_CHECK;

/* The same in a request, whose id the notices name. */
enum db_status issue_tell_in(struct db *db, struct arena *a, const struct conf *conf,
    const char *id, const char *request) MUST_CHECK;

/* Make the notice that a project's flood shares say how many there are; DB_NONE: it does. */
enum db_status issue_tell_more(struct db *db, struct arena *a, const struct conf *conf,
    const char *project) MUST_CHECK;

/* ---- words: pure; the results live in a ---- */

/* Of a notice: a title with how often it happened, one line of at most ISSUE_BODY_CHARS. */
#define ISSUE_BODY_CHARS 200
const char *issue_body(struct arena *a, const char *title, int64_t times);

/* Of the notice that a flood shares: that there are n more. */
const char *issue_more(struct arena *a, int64_t n);

/* Of a digest: "1 new issue in NAME"; and how many regressed and are new, since when in the words of
 * its cadence. */
const char *issue_digest_title(struct arena *a, int64_t n, const char *project);
const char *issue_digest_body(struct arena *a, int64_t regressed, int64_t new, const char *cadence);

#endif
