#ifndef SCOPE_H
#define SCOPE_H

/*
 * scope - release foreign handles when a local goes out of scope.
 *
 * Declare the local with its release function and NULL, then use early
 * returns freely.  To hand the object to someone else, wrap it in TAKE().
 */
#define SCOPED(fn) __attribute__((cleanup(fn##_scope)))
#define DEFINE_SCOPED(type, fn) \
	static inline void fn##_scope(type *p) \
	{ \
		if (*p != NULL) \
			fn(*p); \
	}

/* Move ownership out of p: evaluates to the old value, leaves p NULL. */
#define TAKE(p) \
	({ \
		__typeof__(p) taken_ = (p); \
		(p) = NULL; \
		taken_; \
	})

#define MUST_CHECK __attribute__((warn_unused_result))
#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))

#endif
