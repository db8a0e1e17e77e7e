#include "exporter/metrics/process.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

static int64_t process_clock_ns(clockid_t id)
{
	struct timespec ts;

	return clock_gettime(id, &ts) ? -1 : clock_of_timespec(&ts);
}

/* Field 22 of /proc/self/stat; the second, the program's name, may hold anything. */
static int64_t process_start_ticks(void)
{
	char line[1024];
	long long ticks = -1;
	const char *p;
	size_t len;

	if (file_read_into(line, &len, sizeof(line), "/proc/self/stat"))
		return -1;
	p = strrchr(line, ')');
	if (!p || sscanf(p + 1,
			 " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
			 " %*s %*s %*s %*s %lld",
			 &ticks) != 1)
		return -1;
	return ticks;
}

/*
 * The start is counted from boot, so that a later step of the wall clock moves it with
 * all other times.
 */
static int64_t process_start_unix_ns(void)
{
	int64_t ticks = process_start_ticks();
	long per_second = sysconf(_SC_CLK_TCK);

	if (ticks < 0 || per_second <= 0)
		return -1;
	return process_clock_ns(CLOCK_REALTIME) - process_clock_ns(CLOCK_BOOTTIME) +
	       ticks * (CLOCK_NS_PER_S / per_second);
}

static void process_read_memory(struct process_stats *out)
{
	long page = sysconf(_SC_PAGESIZE);
	long long size, resident;
	char line[256];
	size_t len;

	if (file_read_into(line, &len, sizeof(line), "/proc/self/statm") ||
	    sscanf(line, "%lld %lld", &size, &resident) != 2)
		return;
	out->virtual_bytes = size * page;
	out->resident_bytes = resident * page;
}

static int64_t process_count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int64_t count = -1; /* the descriptor that reads the folder is not counted */
	const struct dirent *entry;

	if (!dir)
		return -1;
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

void process_read(struct process_stats *out)
{
	struct rlimit limit;

	*out = (struct process_stats){-1, -1, -1, -1, -1, -1};
	out->cpu_ns = process_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	process_read_memory(out);
	out->open_fds = process_count_fds();
	if (!getrlimit(RLIMIT_NOFILE, &limit))
		out->max_fds = (int64_t)limit.rlim_cur;
	out->start_unix_ns = process_start_unix_ns();
}
