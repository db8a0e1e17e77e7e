/* Errors of a configuration in the log, as they arrive at the other end of a pipe. */
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "config/config.h"
#include "tests/unit/tap.h"

static char text[8192];

/* Reads what was logged, without the time at the head of each line. */
static void logged(int fd)
{
	char lines[8192];
	ssize_t n = read(fd, lines, sizeof(lines) - 1);
	char *save, *l;

	lines[n > 0 ? n : 0] = '\0';
	text[0] = '\0';
	for (l = strtok_r(lines, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		const char *level = strstr(l, "level");

		strncat(text, level ? level : l, sizeof(text) - strlen(text) - 2);
		strcat(text, "\n");
	}
}

static char *fixed(const char *s)
{
	return (char *)(uintptr_t)s;
}

int main(void)
{
	struct config_error list[] = {
		{fixed("a.json"), 3, 14, fixed("trunks[0].uri"), fixed("is no URI")},
		{fixed("b.json"), 0, 0, fixed(""), fixed("cannot be read")},
	};
	struct config_errors errs = {list, 2, 0};
	int fds[2];

	if (pipe2(fds, O_NONBLOCK) || dup2(fds[1], STDERR_FILENO) < 0)
		return 1;
	config_errors_log(&errs, "configuration error");
	logged(fds[0]);
	is_str(text,
	       "level=error msg=\"configuration error\" file=a.json "
	       "json_path=trunks[0].uri error=\"is no URI\" line=3 column=14\n"
	       "level=error msg=\"configuration error\" file=b.json json_path= "
	       "error=\"cannot be read\"\n",
	       "a line each, no place where there is none");
	errs.count = 0;
	config_errors_log(&errs, "configuration error");
	logged(fds[0]);
	is_str(text, "", "no error, no line");
	errs.dropped = 7;
	config_errors_log(&errs, "configuration error");
	logged(fds[0]);
	is_str(text, "level=error msg=\"more configuration errors\" count=7\n",
	       "those that were not kept are counted");
	errs.count = 1;
	config_warnings_log(&errs, "configuration warning");
	logged(fds[0]);
	is_str(text,
	       "level=warn msg=\"configuration warning\" file=a.json "
	       "json_path=trunks[0].uri warning=\"is no URI\" line=3 column=14\n"
	       "level=warn msg=\"more configuration warnings\" count=7\n",
	       "warnings are told as such");
	return tap_done();
}
