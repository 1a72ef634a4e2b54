#ifndef LOG_H
#define LOG_H

/*
 * log - one line of JSON on stderr a record.
 *
 * Never a cookie, token, password, mail body or query argument: callers pass
 * what happened and to what, not what was sent.
 */
enum log_level { LOG_INFO, LOG_WARN, LOG_ERROR };

/* The program's name, in every line from now on; borrowed. */
void log_name(const char *name);

/*
 * {"at":…,"level":…,"program":…,"request_id":…,"message":…}; request_id may be
 * NULL.  The message is cut at 1,000 bytes, and made one valid UTF-8 line.
 * Written with one write(), so lines of several processes do not mix.
 */
void log_line(enum log_level level, const char *request_id, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
