#ifndef BANNED_H
#define BANNED_H

/*
 * banned - calls that do not compile here; every file includes this first (see Makefile).
 * The headers that declare them come before the macros, so that they still compile themselves.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(call, instead) call##_is_banned_use_##instead

/* no bound on what they write */
#undef strcpy
#define strcpy(...) BANNED(strcpy, snprintf)
#undef strcat
#define strcat(...) BANNED(strcat, snprintf)
#undef sprintf
#define sprintf(...) BANNED(sprintf, snprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf, vsnprintf)

/* may leave no NUL, and pads */
#undef strncpy
#define strncpy(...) BANNED(strncpy, snprintf)

/* hidden static state */
#undef strtok
#define strtok(...) BANNED(strtok, strsep)
#undef gmtime
#define gmtime(...) BANNED(gmtime, gmtime_r)
#undef localtime
#define localtime(...) BANNED(localtime, localtime_r)

/* cannot report an error */
#undef atoi
#define atoi(...) BANNED(atoi, strtol)

/* a shell between us and what we meant */
#undef system
#define system(...) BANNED(system, posix_spawn)
#undef popen
#define popen(...) BANNED(popen, posix_spawn)

#endif
