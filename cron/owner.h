#ifndef OWNER_H
#define OWNER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * owner - what root makes when it runs a job by hand belongs to whom the folder around it belongs
 * to: nginx and the cron loop of a copy that root has started are somebody else, who could neither
 * read nor remove it.  Whoever is not root makes things as ever.  False with errno.
 */

/* mkdir(); a folder that is there is no failure. */
bool owner_mkdir(const char *path, mode_t mode);

/* The file fd, just made in folder, whose path is relative to the folder at (or AT_FDCWD). */
bool owner_give(int fd, int at, const char *folder);

#endif
