#ifndef CIVIL_H
#define CIVIL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * civil - dates of the Gregorian calendar as numbers of days since 1970-01-01.
 *
 * Pure.  Any year that an int holds, also before 1 (year 0 is 1 BC).
 */

int civil_month_days(int year, int month); /* month 1-12 */

/* Whether there is such a day in the years 1-9999. */
bool civil_exists(int year, int month, int day);

int64_t civil_to_days(int year, int month, int day);
void civil_from_days(int64_t days, int *year, int *month, int *day);

#endif
