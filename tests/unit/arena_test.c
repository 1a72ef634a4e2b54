/* common/arena: sizes, alignment, zeroes, what a reset keeps, and that the limit is one. */
#include "arena.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t.h"

#define LIMIT (1024 * 1024)

static bool
is_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* Pieces of all sizes keep what was written to them while others come. */
static void
test_pieces(struct arena *a)
{
	static const size_t sizes[] = { 0, 1, 7, 8, 15, 16, 17, 4095, 4097, 16384, 16385, 70000 };
	unsigned char *piece[COUNT(sizes)];

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < COUNT(sizes); i++) {
			piece[i] = arena_alloc(a, sizes[i]);
			T_OK((uintptr_t)piece[i] % _Alignof(max_align_t) == 0, "size %zu",
			    sizes[i]);
			T_OK(is_zero(piece[i], sizes[i]), "size %zu round %d", sizes[i], round);
			memset(piece[i], (int)i + 1, sizes[i]);
		}
		for (size_t i = 0; i < COUNT(sizes); i++)
			for (size_t j = 0; j < sizes[i]; j += 997)
				T_OK(piece[i][j] == i + 1, "size %zu byte %zu", sizes[i], j);
		arena_reset(a);
		T_OK(a->used == 0, "round %d", round);
	}
}

static void
test_text(struct arena *a)
{
	const char *longest = arena_fmt(a, "%01000d", 7);

	T_SAME(arena_dup(a, "abc"), "abc", "dup");
	T_SAME(arena_dup(a, ""), "", "dup of nothing");
	T_SAME(arena_ndup(a, "abcdef", 3), "abc", "ndup");
	T_SAME(arena_ndup(a, NULL, 0), "", "ndup of nothing");
	T_SAME(arena_fmt(a, "%d-%s", 12, "x"), "12-x", "fmt");
	T_OK(strlen(longest) == 1000 && longest[999] == '7', "fmt beyond its first guess");
	for (int n = 250; n < 260; n++)
		T_OK(strlen(arena_fmt(a, "%0*d", n, 1)) == (size_t)n, "fmt of %d bytes", n);
}

/* After a reset the first block is used again: no request pays for it twice. */
static void
test_reset_keeps_a_block(struct arena *a)
{
	void *first;

	arena_reset(a);
	first = arena_alloc(a, 100);
	arena_alloc(a, 100000);
	arena_reset(a);
	T_OK(arena_alloc(a, 100) == first, "another block");
	arena_free(a);
	T_OK(a->head == NULL && a->limit == LIMIT, "free keeps the limit");
	T_OK(is_zero(arena_alloc(a, 64), 64), "used after free");
}

/* Whether asking for n bytes with this limit kills the process. */
static bool
aborts(size_t limit, size_t n)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct rlimit none = { 0, 0 };
		struct arena a;

		setrlimit(RLIMIT_CORE, &none);
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(2);
		arena_init(&a, limit);
		arena_alloc(&a, 16);
		arena_alloc(&a, n);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status);
}

int
main(void)
{
	static const struct {
		size_t limit, n;
		bool dies;
	} limits[] = {
		{ 1024, 512, false },
		{ 1024, 1024, true },
		{ 1024, 1025, true },
		{ 1024, SIZE_MAX, true },
		{ 1024, SIZE_MAX - 14, true },
		{ 1024, SIZE_MAX - 40, true },
		{ SIZE_MAX / 2, SIZE_MAX - 15, true },
	};
	struct arena a;

	arena_init(&a, LIMIT);
	test_pieces(&a);
	test_text(&a);
	test_reset_keeps_a_block(&a);
	arena_free(&a);
	for (size_t i = 0; i < COUNT(limits); i++)
		T_OK(aborts(limits[i].limit, limits[i].n) == limits[i].dies, "row %zu", i);
	return T_DONE("arena");
}
