#ifndef INBOX_H
#define INBOX_H

#include "http.h"
#include "page.h"

/*
 * inbox - what the files of the family notifications share.
 */
#define INBOX_NOUN "Notification"

/* ---- an item: json.c ---- */

/* The public shape of a row at /v1.  A page has hundreds of values, so its columns are
 * looked up once. */
enum { ID, TYPE, TITLE, BODY, LINK, TEAM_ID, READ_AT, CREATED_AT, V1_COLS };

/* What an item has besides; zeroed: nothing. */
struct inbox_more {
	const char *moment; /* the column of a moment, NULL: none */
	bool reason;        /* why its owner gets it */
};

struct inbox_cols {
	int at[V1_COLS], moment, because;
	struct inbox_more more;
	struct arena *a;
};

struct inbox_cols inbox_cols(struct req *rq, const struct db_rows *rows, struct inbox_more more);
void notification_json(struct out *o, const struct db_rows *rows, int row,
    const struct inbox_cols *c);
int notification_answer(struct req *rq, struct reply *rp, const struct db_rows *rows,
    struct inbox_more more); /* 200 {"notification":item} */

/* The public shape of the same row at /api. */
void bell_json(struct out *o, const struct db_rows *rows, int row);

/* ---- reading: poll.c ---- */

#define INBOX_POLL "30" /* seconds between polls of /v1, contract section 5c */

/* Read the counter row alone, as far as If-None-Match asks for it: 0 to go on; or the status
 * answered, 304 among them. */
int inbox_not_modified(struct req *rq, struct reply *rp);

/* What a read that got one row or more begins with: its ETag.  0, or the status answered. */
int inbox_read(struct req *rq, struct reply *rp, enum db_status st, const struct db_rows *rows);

/* ---- lists at /v1: read.c ---- */

/* The query parameter include.  0, or the status answered. */
int inbox_include(struct req *rq, struct reply *rp, struct inbox_more *more);
int inbox_list(struct req *rq, struct reply *rp, enum db_status st, const struct db_rows *rows,
    const struct page *p, struct inbox_more more);

/* ---- writing: write.c ---- */

/* 0 when a write reached a row of the caller's, whose column found is not NULL; else the status
 * answered. */
int inbox_changed(struct req *rq, struct reply *rp, enum db_status st, const struct db_rows *rows,
    const char *found);

handler_fn unread_count, list_counts;     /* poll.c */
handler_fn list_notifications, list_bell; /* read.c */
handler_fn delete_notification, mark_all_read, read_notification, read_all,
    undo_mark_all;                           /* write.c */
handler_fn list_bin, restore_notification;   /* bin.c */
handler_fn patch_notification, list_snoozed; /* patch.c */
handler_fn list_deliveries;                  /* ledger.c */

#endif
