#include "trim.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define MAPPINGS_MAX 256

/*
 * One mapping of /proc/self/smaps: the line that names it has been read, those about it follow.
 * A page written to, as by relocation, is the process's own (Anonymous) and must stay.
 */
struct mapping {
	uintptr_t from, to;
	bool is_file;  /* of a file, and not writable */
	bool is_clean; /* and no page of it is the process's own */
};

/* What a line says: of a mapping more, or of the last one.  How many there are now. */
static size_t
consider(struct mapping *all, size_t n, const char *line)
{
	unsigned long from, to, kb;
	char rights[8], path[2];

	if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %1s", &from, &to, rights, path) >= 3)
		all[n++] = (struct mapping){ from, to,
			strchr(rights, 'w') == NULL && strchr(line, '/') != NULL, false };
	else if (n > 0 && sscanf(line, "Anonymous: %lu kB", &kb) == 1)
		all[n - 1].is_clean = kb == 0;
	return n;
}

/* The list is read first: reading it needs pages of the C library. */
void
trim_memory(void)
{
	struct mapping all[MAPPINGS_MAX];
	char line[512];
	FILE *f = fopen("/proc/self/smaps", "re");
	size_t n = 0;

	malloc_trim(0);
	if (f == NULL)
		return;
	while (n < MAPPINGS_MAX && fgets(line, sizeof(line), f) != NULL)
		n = consider(all, n, line);
	fclose(f);
	for (size_t i = 0; i < n; i++)
		if (all[i].is_file && all[i].is_clean)
			madvise((void *)all[i].from, all[i].to - all[i].from, MADV_DONTNEED);
}
