/* Where there is no memory the process ends, whoever asked for it; what may be NULL still is. */
#include <json-c/json.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scope.h"
#include "t.h"

static void *volatile got; /* or the compiler sees that nobody needs it */

static void
ask_malloc(size_t n)
{
	got = malloc(n);
	free(got);
}

static void
ask_calloc(size_t n)
{
	got = calloc(2, n);
	free(got);
}

static void
ask_realloc(size_t n)
{
	got = realloc(malloc(1), n);
	free(got);
}

static void
ask_library(size_t n)
{
	json_object_put(json_object_new_array_ext((int)(n / sizeof(void *))));
}

/* Whether asking for so much, of which there is so much, ends the process. */
static bool
ends(void (*ask)(size_t n), size_t n, rlim_t most)
{
	struct rlimit none = { 0, 0 }, room = { most, most };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &none);
		setrlimit(RLIMIT_AS, &room);
		if (freopen("/dev/null", "w", stderr) != NULL)
			ask(n);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

int
main(void)
{
	static const struct {
		const char *name;
		void (*ask)(size_t n);
	} asks[] = {
		{ "malloc", ask_malloc },
		{ "calloc", ask_calloc },
		{ "realloc", ask_realloc },
		{ "a library", ask_library },
	};

	for (size_t i = 0; i < COUNT(asks); i++) {
		T_OK(!ends(asks[i].ask, 65536, RLIM_INFINITY), "%s: room", asks[i].name);
#ifndef __SANITIZE_ADDRESS__ /* it has a place of its own for memory, and needs more than any limit */
		T_OK(ends(asks[i].ask, (size_t)1 << 33, (rlim_t)1 << 31), "%s: no room",
		    asks[i].name);
#endif
	}
	got = realloc(malloc(1), 0);
	T_OK(got == NULL, "nothing is no failure");
	return T_DONE("memory");
}
