#include "trim.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/*
 * One mapping of /proc/self/smaps: the line that names it has been read, those about it follow.
 * A page written to, as by relocation, is the process's own (Anonymous) and must stay.
 */
struct mapping {
	uintptr_t from, to;
	int is_file; /* of a file, and not writable */
};

static void
consider(struct mapping *m, const char *line)
{
	unsigned long from, to, kb;
	char rights[8], path[2];

	if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %1s", &from, &to, rights, path) >= 3) {
		m->from = from;
		m->to = to;
		m->is_file = strchr(rights, 'w') == NULL && strchr(line, '/') != NULL;
	} else if (sscanf(line, "Anonymous: %lu kB", &kb) == 1 && kb == 0 && m->is_file)
		madvise((void *)m->from, m->to - m->from, MADV_DONTNEED);
}

void
trim_startup(void)
{
	struct mapping m = { 0 };
	char line[512];
	FILE *f = fopen("/proc/self/smaps", "re");

	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL)
		consider(&m, line);
	fclose(f);
}
