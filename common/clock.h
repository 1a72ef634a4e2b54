#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/*
 * clock - this machine's time: for how long we wait ourselves, and for logs.  What is decided is
 * decided by the database's.
 */
int64_t clock_us(void); /* that nobody sets, in microseconds since it began … */
int64_t clock_ms(void); /* … and in milliseconds */

int64_t clock_wall_ms(void); /* what people call the time, in milliseconds since 1970 */

#endif
