/* The little of TAP that the unit tests need. The first argument is tests/data. */
#ifndef TESTS_UNIT_TAP_H
#define TESTS_UNIT_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count;
static int tap_failed;

/* On one line, whatever it holds: another line would be no TAP. */
static inline void tap_put_line(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < ' ' ? ' ' : *text);
	putchar('\n');
}

__attribute__((format(printf, 4, 5))) static inline bool
tap_ok(bool ok, const char *file, int line, const char *fmt, ...)
{
	char name[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	printf("%sok %d - ", ok ? "" : "not ", ++tap_count);
	tap_put_line(name);
	if (!ok) {
		tap_failed++;
		printf("# at %s:%d\n", file, line);
	}
	return ok;
}

/* ok(condition, "what holds", …) */
#define ok(cond, ...) tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)

static inline bool tap_is_str(const char *got, const char *want, const char *file,
			      int line, const char *name)
{
	bool same = got && want ? !strcmp(got, want) : got == want;

	tap_ok(same, file, line, "%s", name ? name : "(null)");
	if (!same)
		printf("# got:  %s\n# want: %s\n", got ? got : "(null)",
		       want ? want : "(null)");
	return same;
}

static inline bool tap_is_int(long long got, long long want, const char *file, int line,
			      const char *name)
{
	tap_ok(got == want, file, line, "%s", name);
	if (got != want)
		printf("# got:  %lld\n# want: %lld\n", got, want);
	return got == want;
}

#define is_str(got, want, name) tap_is_str((got), (want), __FILE__, __LINE__, (name))
#define is_int(got, want, name) tap_is_int((got), (want), __FILE__, __LINE__, (name))

/* Ends a test program: `return tap_done();` */
static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}

#endif
