#include "fiber.h"
#include "log.h"
#include "scope.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#define FIBER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBER_ASAN 1
#endif
#endif

/* Instrumented frames are several times as large. */
#ifdef FIBER_ASAN
#include <sanitizer/common_interface_defs.h>
#define STACK_SIZE (512 * 1024)
#else
#define STACK_SIZE (64 * 1024)
#endif

/*
 * Where a stack was left.  swapcontext() would ask the kernel for the signal mask, twice a switch;
 * longjmp() takes a jump to another stack for a mistake.  Of these two the compiler knows that
 * no register outlives them; they must stand in different functions.
 */
typedef void *place[5];

struct fiber {
	struct fiber *next_free;
	ucontext_t entry; /* for the first time */
	place here;       /* afterwards */
	bool entered;
	char *stack;
	fiber_fn *fn;
	void *ctx;
	bool ended;
	void *fake_stack; /* ASan's, while the fiber is not running */
};

static struct fiber *running;
static struct fiber *unused; /* ended ones, their stacks kept */
static place loop;

/*
 * Tell ASan which stack comes next and, on arrival, that we are there.  left is
 * NULL when the stack that is left will not be used again.
 */
static void
leave_for(void **left, const void *stack, size_t size)
{
#ifdef FIBER_ASAN
	__sanitizer_start_switch_fiber(left, stack, size);
#else
	(void)left;
	(void)stack;
	(void)size;
#endif
}

static void
arrive(void *fake_stack, const void **from, size_t *size)
{
#ifdef FIBER_ASAN
	__sanitizer_finish_switch_fiber(fake_stack, from, size);
#else
	(void)fake_stack;
	(void)from;
	(void)size;
#endif
}

/* The loop's own stack: learnt by each fiber when it first arrives. */
static const void *loop_stack;
static size_t loop_stack_size;

static void
fiber_main(void)
{
	struct fiber *f = running;

	arrive(NULL, &loop_stack, &loop_stack_size);
	for (;;) {
		f->fn(f->ctx);
		f->ended = true;
		fiber_yield(); /* comes back when the fiber is used again */
	}
}

static struct fiber *
fiber_new(void)
{
	size_t guard = (size_t)sysconf(_SC_PAGESIZE);
	struct fiber *f = calloc(1, sizeof(*f));

	f->stack = mmap(NULL, guard + STACK_SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (f->stack == MAP_FAILED || mprotect(f->stack, guard, PROT_NONE) != 0 ||
	    getcontext(&f->entry) != 0) {
		log_line(LOG_ERROR, NULL, "no memory for a fiber");
		abort();
	}
	f->stack += guard; /* the guard page below catches an overrun */
	f->entry.uc_stack.ss_sp = f->stack;
	f->entry.uc_stack.ss_size = STACK_SIZE;
	makecontext(&f->entry, fiber_main, 0);
	return f;
}

struct fiber *
fiber_self(void)
{
	return running;
}

static _Noreturn __attribute__((noinline)) void
go_to_loop(void)
{
	__builtin_longjmp(loop, 1);
}

void
fiber_yield(void)
{
	struct fiber *f = running;

	assert(f != NULL);
	leave_for(&f->fake_stack, loop_stack, loop_stack_size);
	if (__builtin_setjmp(f->here) == 0)
		go_to_loop();
	arrive(f->fake_stack, &loop_stack, &loop_stack_size);
}

static _Noreturn __attribute__((noinline)) void
go_to(struct fiber *f)
{
	if (f->entered)
		__builtin_longjmp(f->here, 1);
	f->entered = true;
	setcontext(&f->entry);
	abort();
}

void
fiber_resume(struct fiber *f)
{
	void *fake_stack = NULL;

	assert(running == NULL && !f->ended);
	running = f;
	leave_for(&fake_stack, f->stack, STACK_SIZE);
	if (__builtin_setjmp(loop) == 0)
		go_to(f);
	arrive(fake_stack, NULL, NULL);
	running = NULL;
	if (f->ended) {
		f->next_free = unused;
		unused = f;
	}
}

void
fiber_start(fiber_fn *fn, void *ctx)
{
	struct fiber *f = unused;

	if (f != NULL)
		unused = f->next_free;
	else
		f = fiber_new();
	f->fn = fn;
	f->ctx = ctx;
	f->ended = false;
	fiber_resume(f);
}
