#ifndef INBOX_H
#define INBOX_H

#include "http.h"

/*
 * inbox - what the files of the family notifications share.
 */
#define INBOX_NOUN    "Notification"
/* The greatest id: with the instant "infinity" it stands before every row. */
#define INBOX_LAST_ID "ffffffff-ffff-ffff-ffff-ffffffffffff"

/* The public shape of a row at /v1.  A page has hundreds of values, so its columns are
 * looked up once. */
enum { ID, TYPE, TITLE, BODY, LINK, TEAM_ID, READ_AT, CREATED_AT, V1_COLS };

struct inbox_cols {
	int at[V1_COLS];
};

struct inbox_cols inbox_cols(const struct db_rows *rows);
void notification_json(struct out *o, const struct db_rows *rows, int row,
    const struct inbox_cols *c);

/* The public shape of the same row at /api. */
void bell_json(struct out *o, const struct db_rows *rows, int row);

handler_fn list_notifications, unread_count, list_bell;            /* read.c */
handler_fn patch_notification, delete_notification, mark_all_read, /* write.c */
    read_notification, read_all;
handler_fn list_deliveries; /* ledger.c */

#endif
